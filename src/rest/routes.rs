//! THE route table. It reads like the page of the API: method, path, who answers; what it is; what goes in and out.
//!
//! Unless a row says otherwise, the caller is signed in, GET counts as a read and all else as a write. 404 for paths
//! with parameters, 401, 413, 415, 429 and the errors of body and query follow from the row; `fails` has the others. On
//! a full disk GET and DELETE go on, and what says `when_full`: one must be able to sign in to delete. When writes are
//! late all but GET is refused; `last_to_go` are messages, and what those who are signed in need to write them.

use serde_json::{Map, Value};

use super::query::{AFTER, AROUND, BEFORE, FILENAME, LIMIT, ONLINE, PREFIX, USER_IDS};
use super::route::{Rate, Route, delete, get, patch, post, put};
use super::{
    accounts, administration, audit, bans, blocks, channels, dms, files, instance, invites, members, messages, pins,
    reactions, roles, search, servers, settings, users,
};
use crate::model::administration::{
    AdminUser, AdminUserPatch, CloseAccount, InstanceSettings, ResetLink, ResetPassword, SettingsPatch,
};
use crate::model::object::{
    Attachment, AuditEntry, Author, Ban, Channel, Found, Invite, InvitePreview, Member, Message, Role, Server, Session,
    User,
};
use crate::model::request::{
    ChangePassword, ChannelPatch, EditMessage, Login, MarkRead, MemberPatch, NewBan, NewChannel, NewDm, NewInvite,
    NewMessage, NewRole, NewServer, Refresh, Register, RolePatch, ServerPatch, SetOverride, UserPatch,
};
use crate::model::{Code, limits};

/// Every endpoint.
#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    // ---- Authentication
    post("/auth/register", accounts::register)
        .is("register", "Make an account and sign in.")
        .for_anyone().rate(Rate::Registration).takes::<Register>()
        .gives::<accounts::SignedIn>(201, "The account, signed in.").sets_cookie()
        .fails(&[Code::RegistrationClosed, Code::UsernameTaken]),
    post("/auth/login", accounts::log_in)
        .is("logIn", "Sign in.")
        .for_anyone().rate(Rate::SignIn).when_full().takes::<Login>()
        .gives::<accounts::SignedIn>(200, "Signed in.").sets_cookie()
        .fails(&[Code::InvalidCredentials, Code::AccountDisabled]),
    post("/auth/logout", accounts::log_out)
        .is("logOut", "Sign out: by the access token, or by the refresh token or cookie.")
        .for_anyone().when_full().may_take::<Refresh>()
        .gives_nothing("The session, its tokens and its gateways have ended.").sets_cookie()
        .fails(&[Code::Unauthenticated, Code::TokenExpired, Code::BadOrigin]),
    post("/auth/refresh", accounts::refresh)
        .is("refresh", "Exchange the refresh token for new tokens.")
        .for_anyone().rate(Rate::Write).when_full().last_to_go().may_take::<Refresh>()
        .gives::<accounts::Tokens>(200, "New tokens; the old refresh token is void.").sets_cookie()
        .fails(&[Code::Unauthenticated, Code::BadOrigin]),
    get("/auth/me", accounts::me)
        .is("getMe", "Who am I?")
        .gives::<User>(200, "The caller."),
    post("/auth/password", accounts::change_password)
        .is("changePassword", "Change the password; all other sessions end.")
        .takes::<ChangePassword>()
        .gives_nothing("It is changed.")
        .fails(&[Code::WrongPassword]),
    post("/auth/reset", administration::reset_password)
        .is("resetPassword", "Set a new password by a link that an administrator made; all sessions end.")
        .for_anyone().rate(Rate::SignIn).when_full().takes::<ResetPassword>()
        .gives_nothing("It is set, and the link is used up: sign in."),
    get("/auth/sessions", accounts::sessions)
        .is("listSessions", "Where am I signed in?")
        .gives::<Vec<Session>>(200, "The caller's sessions."),
    delete("/auth/sessions/{session_id}", accounts::end_session)
        .is("endSession", "Sign one session out.")
        .gives_nothing("It has ended."),

    // ---- Servers
    get("/servers", servers::list)
        .is("listServers", "The caller's servers, in order of joining.")
        .gives::<Vec<Server>>(200, "The servers."),
    post("/servers", servers::create)
        .is("createServer", "Make a server with one text channel; the caller owns it.")
        .takes::<NewServer>()
        .gives::<Server>(201, "The server.")
        .fails(&[Code::Forbidden, Code::TooManyServers]),
    get("/servers/{server_id}", servers::get)
        .is("getServer", "A server that the caller is in.")
        .gives::<Server>(200, "The server."),
    patch("/servers/{server_id}", servers::update)
        .is("updateServer", "Change a server (`manage_server`); only the owner hands it over.")
        .audited()
        .takes::<ServerPatch>()
        .gives::<Server>(200, "The server as it is now.")
        .fails(&[Code::Forbidden]),
    delete("/servers/{server_id}", servers::delete)
        .is("deleteServer", "Delete a server, as its owner.")
        .gives_nothing("It is gone.")
        .fails(&[Code::Forbidden]),
    put("/servers/{server_id}/read", servers::mark_read)
        .is("markServerRead", "Mark everything in a server as read.")
        .when_full()
        .gives_nothing("All is read."),

    // ---- Channels
    get("/servers/{server_id}/channels", channels::list)
        .is("listChannels", "The channels that the caller sees, by position.")
        .gives::<Vec<Channel>>(200, "The channels."),
    post("/servers/{server_id}/channels", channels::create)
        .is("createChannel", "Make a text channel or a category (`manage_channels`).")
        .audited()
        .takes::<NewChannel>()
        .gives::<Channel>(201, "The channel.")
        .fails(&[Code::Forbidden, Code::TooManyChannels]),
    get("/channels/{channel_id}", channels::get)
        .is("getChannel", "A channel or DM that the caller sees.")
        .gives::<Channel>(200, "The channel."),
    patch("/channels/{channel_id}", channels::update)
        .is("updateChannel", "Change or move a channel (`manage_channels`), or rename a group DM.")
        .audited()
        .takes::<ChannelPatch>()
        .gives::<Channel>(200, "The channel as it is now.")
        .fails(&[Code::Forbidden]),
    delete("/channels/{channel_id}", channels::delete)
        .is("deleteChannel", "Delete a channel (`manage_channels`), hide a DM, or leave a group.")
        .audited()
        .gives_nothing("It is gone.")
        .fails(&[Code::Forbidden]),
    put("/channels/{channel_id}/read", channels::mark_read)
        .is("markChannelRead", "Set how far the caller has read; backwards marks unread.")
        .when_full().takes::<MarkRead>()
        .gives_nothing("It is set, on every device."),

    // ---- Messages
    get("/channels/{channel_id}/messages", messages::list)
        .is("listMessages", "Messages of a channel, newest first whatever the cursor.")
        .query(&[LIMIT, BEFORE, AFTER, AROUND]).paged()
        .gives::<Vec<Message>>(200, "The messages."),
    post("/channels/{channel_id}/messages", messages::post)
        .is("postMessage", "Write a message. A retry with the same nonce does not double.")
        .rate(Rate::Message).last_to_go().takes::<NewMessage>()
        .gives::<Message>(201, "The message.")
        .gives::<Message>(200, "The nonce is known: the message of the first try, as it now is.")
        .fails(&[Code::Forbidden, Code::Blocked, Code::NonceUsed]),
    get("/channels/{channel_id}/messages/{message_id}", messages::get)
        .is("getMessage", "A message.")
        .gives::<Message>(200, "The message."),
    patch("/channels/{channel_id}/messages/{message_id}", messages::edit)
        .is("editMessage", "Change the text of one's own message.")
        .takes::<EditMessage>()
        .gives::<Message>(200, "The message as it is now.")
        .fails(&[Code::Forbidden, Code::Blocked]),
    delete("/channels/{channel_id}/messages/{message_id}", messages::delete)
        .is("deleteMessage", "Delete one's own message, or another's (`manage_messages`).")
        .audited()
        .gives_nothing("It is gone.")
        .fails(&[Code::Forbidden]),

    get("/channels/{channel_id}/messages/{message_id}/reactions/{emoji}", reactions::list)
        .is("listReactions", "Who reacted so, ascending by user.")
        .query(&[LIMIT, AFTER]).paged()
        .gives::<Vec<Author>>(200, "The people."),
    put("/channels/{channel_id}/messages/{message_id}/reactions/{emoji}", reactions::add)
        .is("addReaction", "React to a message with an emoji (`add_reactions`).")
        .gives_nothing("It is there.")
        .fails(&[Code::Forbidden, Code::InvalidField, Code::TooManyReactions]),
    delete("/channels/{channel_id}/messages/{message_id}/reactions/{emoji}", reactions::remove)
        .is("removeReaction", "Take one's own reaction back.")
        .gives_nothing("It is gone.")
        .fails(&[Code::InvalidField]),
    get("/channels/{channel_id}/pins", pins::list)
        .is("listPins", "The pinned messages of a channel, latest pin first.")
        .gives::<Vec<Message>>(200, "The messages."),
    put("/channels/{channel_id}/pins/{message_id}", pins::add)
        .is("pinMessage", "Pin a message (`manage_messages`; in a DM anybody).")
        .audited()
        .gives_nothing("It is pinned.")
        .fails(&[Code::Forbidden, Code::TooManyPins]),
    delete("/channels/{channel_id}/pins/{message_id}", pins::remove)
        .is("unpinMessage", "Unpin a message (`manage_messages`; in a DM anybody).")
        .audited()
        .gives_nothing("It is not pinned.")
        .fails(&[Code::Forbidden]),

    // ---- Search
    get("/search", search::find)
        .is("searchMessages", "Messages that the caller may see and that have all words of `q`, newest first.")
        .query(&[search::Q, search::SERVER, search::CHANNEL, search::AUTHOR, search::MENTIONS, search::HAS,
            search::BEFORE, search::AFTER, search::LIMIT]).paged()
        .gives::<Vec<Found>>(200, "The messages. A page that is not full may have a next one.")
        .fails(&[Code::NotFound]),

    // ---- Members
    get("/servers/{server_id}/members", members::list)
        .is("listMembers", "The members of a server, ascending by user.")
        .query(&[LIMIT, AFTER, PREFIX, USER_IDS, ONLINE]).paged()
        .gives::<Vec<Member>>(200, "The members."),
    get("/servers/{server_id}/members/{user_id}", members::get)
        .is("getMember", "A member.")
        .gives::<Member>(200, "The member."),
    patch("/servers/{server_id}/members/{user_id}", members::update)
        .is("updateMember", "Change a nickname (another's: `manage_server`) and roles (`manage_roles`).")
        .audited().takes::<MemberPatch>()
        .gives::<Member>(200, "The member as they are now.")
        .fails(&[Code::Forbidden]),
    delete("/servers/{server_id}/members/{user_id}", members::remove)
        .is("removeMember", "Leave (`@me`), or remove somebody (`kick_members`).")
        .audited()
        .gives_nothing("They are no member any more.")
        .fails(&[Code::Forbidden, Code::OwnerCannotLeave]),

    get("/servers/{server_id}/bans", bans::list)
        .is("listBans", "Who is banned (`ban_members`), ascending by user.")
        .query(&[LIMIT, AFTER]).paged()
        .gives::<Vec<Ban>>(200, "The bans.")
        .fails(&[Code::Forbidden]),
    put("/servers/{server_id}/bans/{user_id}", bans::add)
        .is("banUser", "Ban somebody, who is removed if a member (`ban_members`).")
        .audited().may_take::<NewBan>()
        .gives_nothing("They are banned.")
        .fails(&[Code::Forbidden]),
    delete("/servers/{server_id}/bans/{user_id}", bans::remove)
        .is("unbanUser", "Lift a ban (`ban_members`).")
        .audited()
        .gives_nothing("They may come again.")
        .fails(&[Code::Forbidden]),
    get("/servers/{server_id}/audit-log", audit::list)
        .is("listAuditLog", "Who did what, newest first (`manage_server`).")
        .query(&[LIMIT, BEFORE]).paged()
        .gives::<Vec<AuditEntry>>(200, "The entries.")
        .fails(&[Code::Forbidden]),

    // ---- Roles
    get("/servers/{server_id}/roles", roles::list)
        .is("listRoles", "The roles of a server, strongest first; `everyone` is the last.")
        .gives::<Vec<Role>>(200, "The roles."),
    post("/servers/{server_id}/roles", roles::create)
        .is("createRole", "Make a role at the lowest place (`manage_roles`). Nobody grants what they lack.")
        .audited().takes::<NewRole>()
        .gives::<Role>(201, "The role.")
        .fails(&[Code::Forbidden, Code::TooManyRoles]),
    patch("/servers/{server_id}/roles/{role_id}", roles::update)
        .is("updateRole", "Change or move a role below one's own highest (`manage_roles`).")
        .audited().takes::<RolePatch>()
        .gives::<Role>(200, "The role as it is now.")
        .fails(&[Code::Forbidden]),
    delete("/servers/{server_id}/roles/{role_id}", roles::delete)
        .is("deleteRole", "Delete a role below one's own highest (`manage_roles`).")
        .audited()
        .gives_nothing("It is gone.")
        .fails(&[Code::Forbidden]),
    put("/channels/{channel_id}/overrides/{role_id}", roles::set_override)
        .is("setOverride", "Say what a role may do in a channel (`manage_channels`): private and read-only channels.")
        .audited().takes::<SetOverride>()
        .gives_nothing("It is set.")
        .fails(&[Code::Forbidden]),
    delete("/channels/{channel_id}/overrides/{role_id}", roles::delete_override)
        .is("deleteOverride", "Let a role do in a channel what it may do in the server (`manage_channels`).")
        .audited()
        .gives_nothing("It is gone.")
        .fails(&[Code::Forbidden]),

    // ---- Invites
    post("/servers/{server_id}/invites", invites::create)
        .is("createInvite", "Make an invite (`create_invite`).")
        .audited()
        .may_take::<NewInvite>()
        .gives::<Invite>(201, "The invite.")
        .fails(&[Code::Forbidden, Code::TooManyInvites]),
    get("/servers/{server_id}/invites", invites::list)
        .is("listInvites", "The live invites of a server, latest first: one's own, or all (`manage_server`).")
        .gives::<Vec<Invite>>(200, "The invites."),
    get("/invites/{code}", invites::preview)
        .is("previewInvite", "What somebody invited sees first.")
        .for_anyone().rate(Rate::InviteGuess)
        .gives::<InvitePreview>(200, "Where the invite leads."),
    post("/invites/{code}", invites::join)
        .is("joinByInvite", "Join the server; a member stays one.")
        .gives::<Server>(200, "The server.")
        .fails(&[Code::Banned, Code::TooManyServers]),
    delete("/invites/{code}", invites::revoke)
        .is("revokeInvite", "Revoke one's own invite, or any (`manage_server`).")
        .audited()
        .gives_nothing("It lets nobody in any more.")
        .fails(&[Code::Forbidden]),
    get("/invites/{code}/qr.svg", invites::qr_code)
        .is("getInviteQrCode", "The invite's address as a QR code.")
        .at_root().for_anyone().rate(Rate::InviteGuess)
        .gives_media("image/svg+xml", "The picture."),

    // ---- Users and DMs
    get("/users/{user_id}", users::get)
        .is("getUser", "The profile of somebody who shares a server or DM with the caller.")
        .gives::<User>(200, "The profile."),
    patch("/users/{user_id}", users::update)
        .is("updateUser", "Change one's own profile.")
        .takes::<UserPatch>()
        .gives::<User>(200, "The profile as it is now.")
        .fails(&[Code::Forbidden, Code::UsernameTaken]),
    delete("/users/{user_id}", accounts::close)
        .is("closeAccount", "Close one's own account for ever. What one wrote stays, by a \"deleted user\".")
        .takes::<CloseAccount>()
        .gives_nothing("It is closed.").sets_cookie()
        .fails(&[Code::Forbidden, Code::WrongPassword, Code::OwnsServers, Code::LastAdmin]),
    get("/users/{user_id}/dm-channels", dms::list)
        .is("listDmChannels", "One's own DMs, latest first.")
        .gives::<Vec<Channel>>(200, "The DMs."),
    post("/users/{user_id}/dm-channels", dms::open)
        .is("openDmChannel", "Open a DM with one person, or a group.")
        .takes::<NewDm>()
        .gives::<Channel>(201, "The new DM.")
        .gives::<Channel>(200, "The DM that was there between the two.")
        .fails(&[Code::Blocked]),
    get("/users/@me/settings", settings::get)
        .is("getSettings", "The settings that the caller's clients share.")
        .gives::<Map<String, Value>>(200, "A JSON object; empty until one is stored."),
    put("/users/@me/settings", settings::set)
        .is("setSettings", "Store the settings that the caller's clients share.")
        .takes::<Map<String, Value>>().body_limit(limits::SETTINGS_BYTES)
        .gives_nothing("They are stored, and told to the other devices."),
    get("/users/@me/blocks", blocks::list)
        .is("listBlocks", "Whom the caller has blocked, latest first.")
        .gives::<Vec<User>>(200, "The people."),
    put("/users/@me/blocks/{user_id}", blocks::add)
        .is("blockUser", "Want no direct messages from somebody, nor write them any.")
        .gives_nothing("They are blocked.")
        .fails(&[Code::InvalidField, Code::TooManyBlocks]),
    delete("/users/@me/blocks/{user_id}", blocks::remove)
        .is("unblockUser", "Lift a block.")
        .gives_nothing("They are not blocked."),

    // ---- Files
    post("/uploads", files::upload)
        .is("upload", "Upload a file, to be used once within the hour: in a message, as avatar or as icon.")
        .query(&[FILENAME]).takes_bytes(limits::UPLOAD_BYTES)
        .gives::<Attachment>(201, "The file.")
        .fails(&[Code::QuotaExceeded]),
    get("/files/{attachment_id}/{secret}/{filename}", files::fetch)
        .is("getFile", "A file, for whoever has its address; by ranges if asked.")
        .at_root().for_anyone()
        .gives_media("*/*", "The file.").in_parts("*/*")
        .fails(&[Code::RangeNotSatisfiable]),
    get("/files/{attachment_id}/{secret}/thumbnail/{filename}", files::fetch_thumbnail)
        .is("getThumbnail", "The smaller form of a large picture.")
        .at_root().for_anyone()
        .gives_media("image/*", "The picture.").in_parts("image/*")
        .fails(&[Code::RangeNotSatisfiable]),

    // ---- Administration: to others than administrators it is not there
    get("/admin/users", administration::list_users)
        .is("listUsers", "All accounts, ascending by user.")
        .query(&[LIMIT, AFTER, PREFIX]).paged()
        .gives::<Vec<AdminUser>>(200, "The accounts.")
        .fails(&[Code::NotFound]),
    get("/admin/users/{user_id}", administration::get_user)
        .is("getAccount", "An account.")
        .gives::<AdminUser>(200, "The account."),
    patch("/admin/users/{user_id}", administration::update_user)
        .is("updateAccount", "Disable or enable an account, which ends its sessions; make it an administrator's or not.")
        .when_full().takes::<AdminUserPatch>()
        .gives::<AdminUser>(200, "The account as it is now.")
        .fails(&[Code::AccountClosed, Code::LastAdmin]),
    post("/admin/users/{user_id}/reset-link", administration::make_reset_link)
        .is("makeResetLink", "Make a link by which somebody sets a new password, once within a day. Older ones are void.")
        .gives::<ResetLink>(201, "The link.")
        .fails(&[Code::AccountClosed]),
    post("/admin/users/{user_id}/sign-out", administration::sign_user_out)
        .is("signUserOut", "Sign somebody out everywhere.")
        .when_full()
        .gives_nothing("Their sessions, tokens and gateways have ended."),
    get("/admin/settings", administration::get_settings)
        .is("getInstanceSettings", "The settings of the instance, and where each comes from.")
        .gives::<InstanceSettings>(200, "The settings.")
        .fails(&[Code::NotFound]),
    patch("/admin/settings", administration::change_settings)
        .is("updateInstanceSettings", "Change settings of the instance: at once, and over what options say.")
        .takes::<SettingsPatch>()
        .gives::<InstanceSettings>(200, "The settings as they are now.")
        .fails(&[Code::NotFound]),

    // ---- The instance
    get("/instance", instance::facts)
        .is("getInstance", "What everybody may know of this instance.")
        .for_anyone()
        .gives::<instance::Instance>(200, "The instance."),
    get("/openapi.json", instance::openapi)
        .is("getOpenApi", "This document.")
        .for_anyone()
        .gives_media("application/json", "An OpenAPI 3.1 document."),
    get("/healthz", instance::alive)
        .is("isAlive", "Is the process alive?")
        .at_root().for_anyone()
        .gives::<instance::Health>(200, "It is."),
    get("/readyz", instance::ready)
        .is("isReady", "Can it write? And what is given up, as it is slow?")
        .at_root().for_anyone()
        .gives::<instance::Readiness>(200, "It can; messages at least."),
    get("/metrics", instance::metrics)
        .is("getMetrics", "Numbers for Prometheus: for loopback without a proxy, or an administrator.")
        .at_root().for_anyone()
        .gives_media("text/plain", "The numbers.")
        .fails(&[Code::NotFound]),
];
