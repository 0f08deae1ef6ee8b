/** The API's objects as the client uses them; API.md describes each field. Not served: for the type checker alone. */
import type { Api } from "./lib/api.js";
import type { View } from "./lib/dom.js";
import type { ServerPage } from "./lib/server-page.js";
import type { Parcel } from "./lib/uploads.js";
import type { Gateway } from "./lib/gateway.js";
import type { Blocks } from "./state/blocks.js";
import type { History } from "./state/history.js";
import type { Outbox } from "./state/outbox.js";
import type { Settings } from "./state/settings.js";
import type { Store } from "./state/store.js";

export type Id = string;
export type Status = "online" | "idle" | "dnd" | "invisible" | "offline";
export interface Author { user_id: Id; username: string; display_name: string | null; avatar_url: string | null }
export interface User extends Author { bio: string; status: Status; created_at: string; is_admin?: boolean }
export interface Role { role_id: Id; name: string; color: number; position: number; permissions: string[] }
export interface Override { role_id: Id; allow: string[]; deny: string[] }
export interface Member { user: User; server_id: Id; nickname: string | null; roles: Id[]; joined_at: string }
export interface Channel {
  channel_id: Id; server_id: Id | null; type: "text" | "category" | "dm" | "group_dm"; parent_id: Id | null;
  name: string; topic: string; position: number; last_message_id: Id | null; created_at: string;
  overrides: Override[]; recipients?: User[]; permissions?: string[];
}
export interface Server {
  server_id: Id; name: string; description: string; icon_url: string | null; owner_id: Id; member_count: number;
  created_at: string;
}
export interface FullServer extends Server { channels: Channel[]; roles: Role[]; permissions: string[]; member: Member }
export interface Reaction { emoji: string; count: number; me: boolean }
export interface Attachment {
  attachment_id: Id; filename: string; content_type: string; size: number; url: string;
  width?: number; height?: number; color?: string; thumbnail_url?: string;
}
export interface Message {
  message_id: Id; channel_id: Id; author: Author; content: string; timestamp: string; edited_at: string | null;
  reply_to: { message_id: Id; author?: Author; content?: string; deleted?: boolean } | null; mentions: Id[]; mentioned_users: Author[]; mention_roles: Id[]; mention_everyone: boolean;
  attachments: Attachment[]; reactions?: Reaction[]; pinned: boolean; nonce?: string;
  /** Only on rows that the server has not confirmed: under way, not sent for want of a connection, or turned down. */
  pending?: "sending" | "offline" | "refused" | "expired";
  /** Why it was turned down, in words. */
  refusal?: string;
  /** Its files, until the server has them and the message. */
  parcels?: Parcel[];
  /** Whether it has waited for the connection before. */
  waited?: boolean;
  /** Set if it would be lost with the page. */
  kept?: false;
}
/** A message found; the ranges of its content that match count code points. */
export interface Found extends Message { highlight?: [number, number][] }
/** What a short notice says, and the one thing that may be done about it. */
/** How far one has read a channel, and which unread messages in it speak to one. */
export interface Read { message_id: Id; mention_ids?: Id[]; direct_ids?: Id[] }
export interface Toast { text: string; action?: { label: string; run: () => unknown }; kind?: "done" | "failed" }
export interface Invite {
  code: string; url: string; expires_at: string | null; inviter: Author;
  server: { server_id: Id; name: string; icon_url: string | null; member_count: number };
}
/** An invite as those see it who made it, or manage the server. */
export interface OwnInvite extends Invite { uses: number; max_uses: number | null; created_at: string }
/** Where somebody is signed in. */
export interface Session { session_id: Id; user_agent: string; ip: string; created_at: string; last_used_at: string; current: boolean }
/** Where one is told of messages by push. */
export interface PushDevice {
  subscription_id: Id; name: string | null; origin: string; created_at: string; last_success_at: string | null; last_failure: string | null;
}
/** What became of a push. */
export interface PushDelivery {
  at: string; subscription_id: Id; kind: "message" | "read" | "test"; status: "sent" | "retrying" | "failed" | "gone";
  http_status: number | null; error: string | null; attempts: number;
}
export interface Ban { user: Author; reason: string | null; banned_by: Author; created_at: string }
export interface Change { field: string; before: any; after: any }
export interface AuditEntry {
  entry_id: Id; actor: Author; action: string; target_id: Id | null; reason: string | null; changes: Change[]; created_at: string;
}
export interface Instance {
  name: string; version: string; registration: "open" | "invite" | "closed"; setup_required: boolean;
  limits: Record<string, number>;
  /** Null if it sends no pushes. */
  push: { public_key: string } | null;
}
/** An account as administrators see it. */
export interface AdminUser extends Author {
  created_at: string; is_admin: boolean; disabled: boolean; closed: boolean; online: boolean;
  /** Where they are signed in. */
  sessions: number; last_used_at: string | null; storage_bytes: number;
}
/** A setting of the instance: what counts, where that comes from, and what counts if nothing is stored. */
export interface InstanceSetting { value: string | number; source: "stored" | "environment" | "default"; otherwise: string | number }
export type InstanceSettings = Record<string, InstanceSetting>;
export interface Finding { severity: "error" | "warning" | "notice"; code: string; text: string; advice: string }
export interface Health {
  version: string; started_at: string; uptime_s: number; users: number; online: number; gateways: number; connections: number; servers: number;
  messages_approximate?: number; memory_bytes: number | null; load: { one_minute: number; cores: number } | null;
  disk: {
    free_bytes: number; total_bytes: number; database_bytes: number; log_bytes: number; files_bytes: number; backups_bytes: number | null;
  };
  /** Of the commits of this process. */
  sync: { count: number; p50_ms: number | null; p99_ms: number | null; max_ms: number | null };
  pressure: { late_ms: number; given_up: string[] };
  backup: { folder: string | null; last_proven_at: string | null; age_s: number | null; last_error: string | null };
  findings: Finding[];
}
/** A stretch of a channel's messages without holes; unless there are newer ones it ends at the latest. */
export interface Timeline {
  messages: Message[]; pending: Message[]; hasOlder: boolean; hasNewer: boolean; loaded: boolean;
  /** Set while messages known from an earlier connection may have changed unnoticed: the newest of them. */
  staleUpTo: Id | null;
  /** Deleted while a page may have been under way. */
  deleted: Set<Id>;
}
export type Page = "home" | "settings" | "admin";
export type Route =
  | { page: Page }
  | { page: "invite"; code: string }
  | { page: "channel"; server: Id | null; channel: Id; message?: Id };

/** One question to the user; `run` may return the next one, which takes its place. */
export interface Dialog {
  title: string; text?: string; fields?: Field[];
  /** The button's words. Without `run` it only closes. */
  action: string; danger?: boolean;
  run?: (values: Record<string, string>) => Promise<Dialog | void>;
}
export interface Field {
  name: string; label: string; value?: string; hint?: string; placeholder?: string; maxLength?: number; optional?: boolean;
  /** Shown to be copied, not to be changed. */
  copy?: boolean;
  /** A password of one's own. */
  secret?: boolean;
  /** One of these is chosen: values and their words. */
  choices?: [string, string][];
}

/** What the components share: given to each as its property `client`. */
export interface Client {
  api: Api; store: Store; gateway: Gateway; outbox: Outbox; history: History; settings: Settings; blocks: Blocks;
  /** The browser's offer to install the client as a program of its own. */
  installation: (Event & { prompt?: () => Promise<{ outcome: string }> }) | null;
  go(route: Route, options?: { replace?: boolean }): void;
  openServer(serverId: Id): void;
  shown(): Promise<void>;
  signOut(): Promise<void>;
  /** Leaves nothing of the user on this device; `end` is what ends the session. */
  leave(end: () => Promise<unknown>): Promise<void>;
}

declare global {
  interface HTMLElementTagNameMap {
    "admin-page": View; "admin-people": View; "admin-instance": View; "admin-health": View; "close-account": View;
    "first-run": View & { code: string | null }; "help-page": View; "reset-password": View & { token: string }; "channel-list": View; "chat-shell": View; "server-rail": View; "settings-page": View; "push-settings": View; "push-hint": View;
    "member-list": View; "search-panel": View; "pins-panel": View; "quick-switcher": View; "shortcut-sheet": View;
    "toast-list": View; "emoji-picker": HTMLElement & { anchor: Element }; "image-lightbox": HTMLElement;
    "new-conversation": View;
    "person-card": View & { userId: Id; serverId: Id | null; near?: Element | null };
    "server-settings": View & { serverId: Id; page?: string };
    "server-overview": ServerPage; "channel-manager": ServerPage; "role-manager": ServerPage; "member-manager": ServerPage;
    "ban-list": ServerPage; "invite-list": ServerPage; "audit-log": ServerPage;
    "channel-editor": ServerPage & { channelId: Id }; "role-editor": ServerPage & { roleId: Id };
    "invite-dialog": View & { serverId: Id };
    "form-dialog": HTMLElement & { spec: Dialog };
    "invite-card": View & { code: string; accepted: boolean };
    "message-composer": View & { channel: Channel };
    "message-row": View & {
      item: { message: Message; grouped: boolean }; link: string; path: string;
      arm(): void; edit(): void; copy(text: string): void; complain(error: unknown): void;
    };
    "message-timeline": View & { channel: Channel; editLast(): void; toBottom(): void };
    "sign-in": View & { invite: string | null };
    "profile-form": View; "account-form": View; "session-list": View; "appearance-form": View; "notification-form": View; "block-list": View;
  }
}
