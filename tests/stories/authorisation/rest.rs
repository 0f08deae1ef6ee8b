//! Who may call what: every route of the REST API, and every kind of person.
//!
//! A cell is the status of the answer, and with it the code of the problem: 401 `unauthenticated`, 403 `forbidden`,
//! 404 `not_found`, 409 `owner_cannot_leave`; `banned` is 403 with that code, `wrong` 403 `wrong_password`. A refusal
//! holds whatever the body is, and a 404 whatever the ID, unless a `+` says that the body decides.
//!
//! The words behind a path say what it names and what is asked for:
//!
//! - people: `@me`; `peer`, a member without a role; `equal`, who has the moderator's role; `owner`; `stranger`, who
//!   was never a member; `banned`.
//! - roles, weakest first: `everyone`, `helpers`, `secretaries` (who may do what the moderator may not:
//!   `manage_server`), `moderators`. The strongest, `seniors`, nobody holds.
//! - messages, invites, sessions, push subscriptions: `own`, if the asker has any, and `another's`.
//! - `elsewhere`: the last thing in the path is one of another server of the owner's.
//! - `muted`: everyone may only look. `trusted`: moderators may manage the server. `rankless`: everyone may what
//!   moderators may, so that the member lacks nothing but rank. `powerless`: moderators have nothing but rank. In this
//!   channel alone moderators may neither manage nor write (`barred`), or everyone may (`favoured`).
//! - what is asked for: see `requests.rs`.

pub const TABLE: &str = "
                                                                           anonymous      kicked         moderator
                                                                                signed-out     banned         owner
                                                                                     outsider       member         admin

# Authentication
POST   /auth/register                                                      201  201  201  201  201  201  201  201  201
POST   /auth/login                                                         200  200  200  200  200  200  200  200  200
POST   /auth/logout                                                        401+ 401  204  204  204  204  204  204  204
POST   /auth/refresh                                                       401+ 401+ 200  200  200  200  200  200  200
GET    /auth/me                                                            401  401  200  200  200  200  200  200  200
POST   /auth/password                                                      401  401  204  204  204  204  204  204  204
POST   /auth/reset                                                         204  204  204  204  204  204  204  204  204
GET    /auth/sessions                                                      401  401  200  200  200  200  200  200  200
DELETE /auth/sessions/{session_id} own                                     401  401  204  204  204  204  204  204  204
DELETE /auth/sessions/{session_id} another's                               401  401  404  404  404  404  404  404  404

# Servers
GET    /servers                                                            401  401  200  200  200  200  200  200  200
POST   /servers                                                            401  401  201  201  201  201  201  201  201
GET    /servers/{server_id}                                                401  401  404  404  404  200  200  200  404
PATCH  /servers/{server_id}                                                401  401  404  404  404  403  403  200  404
PATCH  /servers/{server_id} trusted                                        401  401  404  404  404  403  200  200  404
PATCH  /servers/{server_id} handover trusted                               401  401  404  404  404  403  403+ 200  404
DELETE /servers/{server_id} trusted                                        401  401  404  404  404  403  403  204  404
PUT    /servers/{server_id}/read                                           401  401  404  404  404  204  204  204  404
GET    /servers/{server_id}/audit-log                                      401  401  404  404  404  403  403  200  404
GET    /servers/{server_id}/audit-log trusted                              401  401  404  404  404  403  200  200  404

# Members and bans
GET    /servers/{server_id}/members                                        401  401  404  404  404  200  200  200  404
GET    /servers/{server_id}/members/{user_id} peer                         401  401  404  404  404  200  200  200  404
GET    /servers/{server_id}/members/{user_id} stranger                     401  401  404  404  404  404  404  404  404
PATCH  /servers/{server_id}/members/{user_id} @me nickname                 401  401  404  404  404  200  200  200  404
PATCH  /servers/{server_id}/members/{user_id} @me roles                    401  401  404  404  404  403+ 200  200  404
PATCH  /servers/{server_id}/members/{user_id} @me roles rankless           401  401  404  404  404  403+ 200  200  404
PATCH  /servers/{server_id}/members/{user_id} @me roles powerless          401  401  404  404  404  403+ 403+ 200  404
PATCH  /servers/{server_id}/members/{user_id} peer nickname                401  401  404  404  404  403  403+ 200  404
PATCH  /servers/{server_id}/members/{user_id} peer nickname trusted        401  401  404  404  404  403  200  200  404
PATCH  /servers/{server_id}/members/{user_id} equal nickname trusted       401  401  404  404  404  403  403  200  404
PATCH  /servers/{server_id}/members/{user_id} owner nickname trusted       401  401  404  404  404  403  403  200  404
PATCH  /servers/{server_id}/members/{user_id} peer roles                   401  401  404  404  404  403  200  200  404
PATCH  /servers/{server_id}/members/{user_id} peer roles rankless          401  401  404  404  404  403  200  200  404
PATCH  /servers/{server_id}/members/{user_id} peer roles powerless         401  401  404  404  404  403  403  200  404
PATCH  /servers/{server_id}/members/{user_id} peer roles powerless trusted 401  401  404  404  404  403  403+ 200  404
PATCH  /servers/{server_id}/members/{user_id} equal roles                  401  401  404  404  404  403  403  200  404
PATCH  /servers/{server_id}/members/{user_id} peer granting                401  401  404  404  404  403  403+ 200  404
PATCH  /servers/{server_id}/members/{user_id} peer granting trusted        401  401  404  404  404  403  200  200  404
PATCH  /servers/{server_id}/members/{user_id} peer raising trusted         401  401  404  404  404  403  403+ 200  404
PATCH  /servers/{server_id}/members/{user_id} stranger nickname            401  401  404  404  404  404  404  404  404
DELETE /servers/{server_id}/members/{user_id} @me                          401  401  404  404  404  204  204  409  404
DELETE /servers/{server_id}/members/{user_id} peer                         401  401  404  404  404  403  204  204  404
DELETE /servers/{server_id}/members/{user_id} peer rankless                401  401  404  404  404  403  204  204  404
DELETE /servers/{server_id}/members/{user_id} peer powerless               401  401  404  404  404  403  403  204  404
DELETE /servers/{server_id}/members/{user_id} equal                        401  401  404  404  404  403  403  204  404
DELETE /servers/{server_id}/members/{user_id} owner                        401  401  404  404  404  403  403  409  404
DELETE /servers/{server_id}/members/{user_id} stranger                     401  401  404  404  404  404  404  404  404
GET    /servers/{server_id}/bans                                           401  401  404  404  404  403  200  200  404
PUT    /servers/{server_id}/bans/{user_id} peer                            401  401  404  404  404  403  204  204  404
PUT    /servers/{server_id}/bans/{user_id} peer rankless                   401  401  404  404  404  403  204  204  404
PUT    /servers/{server_id}/bans/{user_id} peer powerless                  401  401  404  404  404  403  403  204  404
PUT    /servers/{server_id}/bans/{user_id} equal                           401  401  404  404  404  403  403  204  404
PUT    /servers/{server_id}/bans/{user_id} owner                           401  401  404  404  404  403  403  403  404
PUT    /servers/{server_id}/bans/{user_id} @me                             401  401  404  404  404  403  403  403  404
PUT    /servers/{server_id}/bans/{user_id} stranger                        401  401  404  404  404  403  204  204  404
PUT    /servers/{server_id}/bans/{user_id} stranger rankless               401  401  404  404  404  204  204  204  404
DELETE /servers/{server_id}/bans/{user_id} banned                          401  401  404  404  404  403  204  204  404
DELETE /servers/{server_id}/bans/{user_id} peer                            401  401  404  404  404  403  404  404  404

# Roles
GET    /servers/{server_id}/roles                                          401  401  404  404  404  200  200  200  404
POST   /servers/{server_id}/roles                                          401  401  404  404  404  403  201  201  404
POST   /servers/{server_id}/roles rankless                                 401  401  404  404  404  403  201  201  404
POST   /servers/{server_id}/roles powerless                                401  401  404  404  404  403  403  201  404
POST   /servers/{server_id}/roles granting                                 401  401  404  404  404  403  403+ 201  404
PATCH  /servers/{server_id}/roles/{role_id} helpers                        401  401  404  404  404  403  200  200  404
PATCH  /servers/{server_id}/roles/{role_id} helpers rankless               401  401  404  404  404  403  200  200  404
PATCH  /servers/{server_id}/roles/{role_id} helpers powerless              401  401  404  404  404  403  403  200  404
PATCH  /servers/{server_id}/roles/{role_id} helpers granting               401  401  404  404  404  403  403+ 200  404
PATCH  /servers/{server_id}/roles/{role_id} helpers raising                401  401  404  404  404  403  403+ 200  404
PATCH  /servers/{server_id}/roles/{role_id} everyone                       401  401  404  404  404  403  200  200  404
PATCH  /servers/{server_id}/roles/{role_id} everyone rankless              401  401  404  404  404  403  200  200  404
PATCH  /servers/{server_id}/roles/{role_id} moderators                     401  401  404  404  404  403  403  200  404
PATCH  /servers/{server_id}/roles/{role_id} elsewhere                      401  401  404  404  404  404  404  404  404
DELETE /servers/{server_id}/roles/{role_id} helpers                        401  401  404  404  404  403  204  204  404
DELETE /servers/{server_id}/roles/{role_id} helpers rankless               401  401  404  404  404  403  204  204  404
DELETE /servers/{server_id}/roles/{role_id} helpers powerless              401  401  404  404  404  403  403  204  404
DELETE /servers/{server_id}/roles/{role_id} moderators                     401  401  404  404  404  403  403  204  404
DELETE /servers/{server_id}/roles/{role_id} everyone                       401  401  404  404  404  403  403  403  404
DELETE /servers/{server_id}/roles/{role_id} elsewhere                      401  401  404  404  404  404  404  404  404

# Channels
GET    /servers/{server_id}/channels                                       401  401  404  404  404  200  200  200  404
POST   /servers/{server_id}/channels                                       401  401  404  404  404  403  201  201  404
POST   /servers/{server_id}/channels granting                              401  401  404  404  404  403  403+ 201  404
GET    /channels/{channel_id}                                              401  401  404  404  404  200  200  200  404
PATCH  /channels/{channel_id}                                              401  401  404  404  404  403  200  200  404
PATCH  /channels/{channel_id} barred                                       401  401  404  404  404  403  403  200  404
PATCH  /channels/{channel_id} favoured                                     401  401  404  404  404  200  200  200  404
DELETE /channels/{channel_id}                                              401  401  404  404  404  403  204  204  404
DELETE /channels/{channel_id} barred                                       401  401  404  404  404  403  403  204  404
DELETE /channels/{channel_id} favoured                                     401  401  404  404  404  204  204  204  404
PUT    /channels/{channel_id}/read                                         401  401  404  404  404  204  204  204  404
PUT    /channels/{channel_id}/overrides/{role_id} helpers                  401  401  404  404  404  403  204  204  404
PUT    /channels/{channel_id}/overrides/{role_id} helpers barred           401  401  404  404  404  403  403  204  404
PUT    /channels/{channel_id}/overrides/{role_id} helpers favoured         401  401  404  404  404  204  204  204  404
PUT    /channels/{channel_id}/overrides/{role_id} helpers granting         401  401  404  404  404  403  403+ 204  404
PUT    /channels/{channel_id}/overrides/{role_id} elsewhere                401  401  404  404  404  404  404  404  404
DELETE /channels/{channel_id}/overrides/{role_id} helpers                  401  401  404  404  404  403  204  204  404
DELETE /channels/{channel_id}/overrides/{role_id} helpers barred           401  401  404  404  404  403  403  204  404
DELETE /channels/{channel_id}/overrides/{role_id} helpers favoured         401  401  404  404  404  204  204  204  404
DELETE /channels/{channel_id}/overrides/{role_id} secretaries              401  401  404  404  404  403  403  204  404
DELETE /channels/{channel_id}/overrides/{role_id} elsewhere                401  401  404  404  404  404  404  404  404

# Messages
GET    /channels/{channel_id}/messages                                     401  401  404  404  404  200  200  200  404
POST   /channels/{channel_id}/messages                                     401  401  404  404  404  201  201  201  404
POST   /channels/{channel_id}/messages muted                               401  401  404  404  404  403  403  201  404
POST   /channels/{channel_id}/messages barred                              401  401  404  404  404  201  403  201  404
POST   /channels/{channel_id}/messages muted favoured                      401  401  404  404  404  201  201  201  404
GET    /channels/{channel_id}/messages/{message_id} another's              401  401  404  404  404  200  200  200  404
GET    /channels/{channel_id}/messages/{message_id} elsewhere              401  401  404  404  404  404  404  404  404
PATCH  /channels/{channel_id}/messages/{message_id} own                    401  401  404  404  404  200  200  200  404
PATCH  /channels/{channel_id}/messages/{message_id} another's              401  401  404  404  404  403  403  403  404
PATCH  /channels/{channel_id}/messages/{message_id} elsewhere              401  401  404  404  404  404  404  404  404
DELETE /channels/{channel_id}/messages/{message_id} own                    401  401  404  404  404  204  204  204  404
DELETE /channels/{channel_id}/messages/{message_id} another's              401  401  404  404  404  403  204  204  404
DELETE /channels/{channel_id}/messages/{message_id} another's barred       401  401  404  404  404  403  403  204  404
DELETE /channels/{channel_id}/messages/{message_id} another's favoured     401  401  404  404  404  204  204  204  404
DELETE /channels/{channel_id}/messages/{message_id} elsewhere              401  401  404  404  404  404  404  404  404
GET    /channels/{channel_id}/messages/{message_id}/reactions/{emoji} another's  401  401  404  404  404  200  200  200  404
GET    /channels/{channel_id}/messages/{message_id}/reactions/{emoji} elsewhere  401  401  404  404  404  404  404  404  404
PUT    /channels/{channel_id}/messages/{message_id}/reactions/{emoji} another's  401  401  404  404  404  204  204  204  404
PUT    /channels/{channel_id}/messages/{message_id}/reactions/{emoji} elsewhere  401  401  404  404  404  404  404  404  404
DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji} another's  401  401  404  404  404  204  204  204  404
DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji} elsewhere  401  401  404  404  404  404  404  404  404
PUT    /channels/{channel_id}/messages/{message_id}/reactions/{emoji} another's muted  401  401  404  404  404  403  403  204  404
DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji} another's muted  401  401  404  404  404  204  204  204  404
GET    /channels/{channel_id}/pins                                         401  401  404  404  404  200  200  200  404
PUT    /channels/{channel_id}/pins/{message_id} another's                  401  401  404  404  404  403  204  204  404
PUT    /channels/{channel_id}/pins/{message_id} another's barred           401  401  404  404  404  403  403  204  404
PUT    /channels/{channel_id}/pins/{message_id} another's favoured         401  401  404  404  404  204  204  204  404
PUT    /channels/{channel_id}/pins/{message_id} elsewhere                  401  401  404  404  404  404  404  404  404
DELETE /channels/{channel_id}/pins/{message_id} another's                  401  401  404  404  404  403  204  204  404
DELETE /channels/{channel_id}/pins/{message_id} another's barred           401  401  404  404  404  403  403  204  404
DELETE /channels/{channel_id}/pins/{message_id} another's favoured         401  401  404  404  404  204  204  204  404
DELETE /channels/{channel_id}/pins/{message_id} elsewhere                  401  401  404  404  404  404  404  404  404

# Search
GET    /search                                                             401  401  200  200  200  200  200  200  200
GET    /search in-server                                                   401  401  404  404  404  200  200  200  404
GET    /search in-channel                                                  401  401  404  404  404  200  200  200  404

# Invites
GET    /servers/{server_id}/invites                                        401  401  404  404  404  200  200  200  404
POST   /servers/{server_id}/invites                                        401  401  404  404  404  201  201  201  404
POST   /servers/{server_id}/invites muted                                  401  401  404  404  404  403  201  201  404
GET    /invites/{code} another's                                           200  200  200  200  200  200  200  200  200
GET    /invites/{code}/qr.svg another's                                    200  200  200  200  200  200  200  200  200
POST   /invites/{code} another's                                           401  401  200  200  banned 200 200 200  200
DELETE /invites/{code} own                                                 401  401  404  404  404  204  204  204  404
DELETE /invites/{code} another's                                           401  401  404  404  404  403  403  204  404
DELETE /invites/{code} another's trusted                                   401  401  404  404  404  403  204  204  404

# Users
GET    /users/{user_id} @me                                                401  401  200  200  200  200  200  200  200
GET    /users/{user_id} peer                                               401  401  404  404  404  200  200  200  404
PATCH  /users/{user_id} @me                                                401  401  200  200  200  200  200  200  200
PATCH  /users/{user_id} peer                                               401  401  404  404  404  403  403  403  404
DELETE /users/{user_id} @me                                                401  401  wrong wrong wrong wrong wrong wrong wrong
DELETE /users/{user_id} peer                                               401  401  404  404  404  403  403  403  404
GET    /users/{user_id}/dm-channels @me                                    401  401  200  200  200  200  200  200  200
GET    /users/{user_id}/dm-channels peer                                   401  401  404  404  404  404  404  404  404
POST   /users/{user_id}/dm-channels @me                                    401  401  404+ 404+ 404+ 201  201  201  404+
POST   /users/{user_id}/dm-channels peer                                   401  401  404  404  404  404  404  404  404
GET    /users/@me/blocks                                                   401  401  200  200  200  200  200  200  200
PUT    /users/@me/blocks/{user_id} peer                                    401  401  404  404  404  204  204  204  404
DELETE /users/@me/blocks/{user_id} peer                                    401  401  204  204  204  204  204  204  204
GET    /users/@me/settings                                                 401  401  200  200  200  200  200  200  200
PUT    /users/@me/settings                                                 401  401  204  204  204  204  204  204  204
GET    /users/@me/push-subscriptions                                       401  401  200  200  200  200  200  200  200
POST   /users/@me/push-subscriptions                                       401  401  201  201  201  201  201  201  201
DELETE /users/@me/push-subscriptions/{subscription_id} own                 401  401  204  204  204  204  204  204  204
DELETE /users/@me/push-subscriptions/{subscription_id} another's           401  401  404  404  404  404  404  404  404
POST   /users/@me/push-subscriptions/{subscription_id}/test own            401  401  202  202  202  202  202  202  202
POST   /users/@me/push-subscriptions/{subscription_id}/test another's      401  401  404  404  404  404  404  404  404
GET    /users/@me/push-log                                                 401  401  200  200  200  200  200  200  200

# Files: whoever has the address
POST   /uploads                                                            401  401  201  201  201  201  201  201  201
GET    /files/{attachment_id}/{secret}/{filename}                          200  200  200  200  200  200  200  200  200
GET    /files/{attachment_id}/{secret}/thumbnail/{filename}                200  200  200  200  200  200  200  200  200

# Administration
GET    /admin/users                                                        401  401  404  404  404  404  404  404  200
GET    /admin/users/{user_id} peer                                         401  401  404  404  404  404  404  404  200
GET    /admin/users/{user_id} @me                                          401  401  404  404  404  404  404  404  200
PATCH  /admin/users/{user_id} peer                                         401  401  404  404  404  404  404  404  200
PATCH  /admin/users/{user_id} @me                                          401  401  404  404  404  404  404  404  200
POST   /admin/users/{user_id}/reset-link peer                              401  401  404  404  404  404  404  404  201
POST   /admin/users/{user_id}/sign-out peer                                401  401  404  404  404  404  404  404  204
GET    /admin/settings                                                     401  401  404  404  404  404  404  404  200
PATCH  /admin/settings                                                     401  401  404  404  404  404  404  404  200

# The instance
GET    /instance                                                           200  200  200  200  200  200  200  200  200
GET    /openapi.json                                                       200  200  200  200  200  200  200  200  200
GET    /healthz                                                            200  200  200  200  200  200  200  200  200
GET    /readyz                                                             200  200  200  200  200  200  200  200  200
GET    /metrics                                                            200  200  200  200  200  200  200  200  200
GET    /admin/health                                                       401  401  404  404  404  404  404  404  200
GET    /metrics proxied                                                    404  404  404  404  404  404  404  404  200
";
