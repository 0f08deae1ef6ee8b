/** The audit log in sentences: what was done to whom, and what it changed. No DOM. */
import { cssColor } from "../state/authority.js";
import { fullText, listText } from "./text.js";
import { has, t } from "./words.js";

/**
 * @typedef {import("../types.js").AuditEntry} AuditEntry
 * @typedef {import("../types.js").Change} Change
 * @typedef {{user: (id: string) => string, role: (id: string) => string, channel: (id: string) => string}} Names
 */

/** What kind of thing an action is about; its name stands in the sentence. @type {Record<string, keyof Names>} */
const TARGETS = { channel: "channel", override: "channel", role: "role", member: "user", ban: "user", owner: "user" };

/** What entries themselves tell of names: the only trace of what was deleted. @param {AuditEntry[]} entries newest first */
export function namesIn(entries) {
  /** @type {Map<string, string>} */
  const names = new Map();
  for (const { action, target_id: id, changes } of [...entries].reverse()) {
    const change = changes.find(({ field }) => field === "name");
    if (id && change && /^(channel|role)_/.test(action)) names.set(id, change.after ?? change.before);
  }
  return names;
}

/** The people that entries speak of. @param {AuditEntry[]} entries @returns {string[]} */
export function peopleIn(entries) {
  const ids = entries.flatMap(({ action, target_id: id, changes }) => [
    ...(id && TARGETS[action.split("_")[0]] === "user" ? [id] : []),
    ...changes
      .filter(({ field }) => ["author_id", "inviter_id", "owner_id"].includes(field))
      .flatMap(({ before, after }) => [before, after]),
  ]);
  return [...new Set(ids.filter(Boolean))];
}

/** What somebody did, behind their name. @param {AuditEntry} entry @param {Names} names */
export function sentence({ action, target_id: id, changes }, names) {
  const kind = TARGETS[action.split("_")[0]];
  const of = (/** @type {string} */ field) => changes.find((change) => change.field === field);
  const channel = of("channel_id");
  const author = of("author_id")?.before;
  // A category is kept as a channel, and is none to people.
  const kindOf = of("type");
  const key = `audit.${(kindOf?.after ?? kindOf?.before) === "category" ? action.replace("channel", "category") : action}`;
  if (!has(key)) return t("audit.other", { action });
  return t(key, {
    target: kind && id ? names[kind](id) : "",
    channel: channel ? names.channel(channel.before ?? channel.after) : "",
    user: author ? names.user(author) : "",
    role: overrideRole(changes, names),
  });
}

/** @param {Change[]} changes @param {Names} names */
function overrideRole(changes, names) {
  const change = changes.find(({ field }) => field === "role_id");
  return change ? names.role(change.after ?? change.before) : "";
}

/** Fields that the sentence tells already, or that mean nothing to people. */
const SILENT = ["role_id", "channel_id", "author_id", "owner_id", "position", "overrides", "type"];

/** What changed, a line each. @param {AuditEntry} entry @param {Names} names @returns {string[]} */
export function details({ action, changes }, names) {
  // Of what is gone its end is told, not how it looked; a link is known by its beginning alone.
  const told = action.endsWith("_delete") ? [] : changes.filter(({ field }) => !SILENT.includes(field));
  const link = action === "invite_delete" ? changes.map(({ field, before }) => ({ field, before: null, after: before })) : [];
  const lines = [...told, ...link].flatMap((change) => line(action, change, names));
  const closed = changes.some(
    ({ field, after }) => field === "overrides" && after?.some((/** @type {any} */ one) => one.deny.includes("view_channel")),
  );
  const moved =
    changes.some(({ field, before }) => field === "position" && before !== null) || (action === "channel_update" && !changes.length);
  return [...lines, ...(closed ? [t("audit.made_private")] : []), ...(moved && action.endsWith("_update") ? [t("audit.moved")] : [])];
}

/** @param {string} action @param {Change} change @param {Names} names @returns {string[]} */
function line(action, { field, before, after }, names) {
  if (["permissions", "allow", "deny"].includes(field)) return sets(field, before ?? [], after ?? [], (one) => t(`permission.${one}`));
  if (field === "roles") return sets(field, before ?? [], after ?? [], names.role);
  if (field === "name" && /_(create|delete)$/.test(action)) return [];
  if (field === "icon_url") return [t(after ? "audit.icon" : "audit.icon_removed")];
  if (field === "description" || field === "topic") return [after ? t(`audit.${field}`, { text: after }) : t(`audit.${field}_removed`)];
  if (field === "delete_message_seconds") return [t("audit.messages_deleted", { count: Math.round(after / 3600) })];
  if (field === "color" && !before && !after) return [];
  const label = has(`audit.field.${field}`) ? t(`audit.field.${field}`) : field;
  const shown = (/** @type {any} */ value) => text(field, value, names);
  if (before === null) return after === null ? [] : [t("audit.is", { field: label, after: shown(after) })];
  return [t("audit.became", { field: label, before: shown(before), after: after === null ? t("audit.nothing") : shown(after) })];
}

/**
 * What was added to a set, and what was taken.
 * @param {string} field @param {string[]} before @param {string[]} after @param {(one: string) => string} word
 */
function sets(field, before, after, word) {
  const added = after.filter((one) => !before.includes(one)).map(word);
  const gone = before.filter((one) => !after.includes(one)).map(word);
  return [
    ...(added.length ? [t(`audit.${field}_added`, { list: listText(added) })] : []),
    ...(gone.length ? [t(`audit.${field}_gone`, { list: listText(gone) })] : []),
  ];
}

/** @param {string} field @param {any} value @param {Names} names @returns {string} */
function text(field, value, names) {
  if (field === "color") return cssColor(value) ?? t("audit.nothing");
  if (field === "parent_id") return names.channel(value);
  if (field === "inviter_id") return names.user(value);
  if (field === "expires_at") return fullText(new Date(value));
  return String(value);
}
