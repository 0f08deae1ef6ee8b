//! Administration: accounts, links for new passwords, settings. To all but administrators it is not there.

use super::accounts::renamed;
use super::call::Call;
use super::query::AFTER;
use super::reply::Reply;
use crate::auth::password;
use crate::chat::administration::{Actor, accounts, resets, settings};
use crate::model::administration::{AdminUserPatch, ResetPassword, SettingsPatch};
use crate::model::{AddressKey, Result};

/// `GET /admin/users`.
pub fn list_users(call: &mut Call<'_>) -> Result<Reply> {
    call.page(
        AFTER,
        |query| {
            let prefix = query.prefix()?.unwrap_or_default().to_owned();
            Ok(accounts::Wanted { page: query.page(&[AFTER])?, prefix })
        },
        |cx, me, wanted| accounts::list(cx, Actor::of(me)?, wanted),
        |user| user.user_id.0,
    )
}

/// `GET /admin/users/{user_id}`.
pub fn get_user(call: &mut Call<'_>) -> Result<Reply> {
    let person = call.person();
    Reply::ok(&call.read(|cx, me| accounts::get(cx, Actor::of(me)?, person?.id(me)))?)
}

/// `PATCH /admin/users/{user_id}`.
pub fn update_user(call: &mut Call<'_>) -> Result<Reply> {
    let (person, patch) = (call.person(), call.body::<AdminUserPatch>());
    Reply::ok(&call.write(move |cx, me| accounts::update(cx, Actor::of(me)?, person?.id(me), patch))?)
}

/// `POST /admin/users/{user_id}/reset-link`.
pub fn make_reset_link(call: &mut Call<'_>) -> Result<Reply> {
    let person = call.person();
    Reply::created(&call.write(move |cx, me| resets::make(cx, Actor::of(me)?, person?.id(me)))?)
}

/// `POST /admin/users/{user_id}/sign-out`.
pub fn sign_user_out(call: &mut Call<'_>) -> Result<Reply> {
    let person = call.person();
    call.write(move |cx, me| accounts::sign_out(cx, Actor::of(me)?, person?.id(me)))?;
    Ok(Reply::no_content())
}

/// `GET /admin/settings`.
pub fn get_settings(call: &mut Call<'_>) -> Result<Reply> {
    Reply::ok(&call.read(|cx, me| settings::get(cx, Actor::of(me)?))?)
}

/// `PATCH /admin/settings`.
pub fn change_settings(call: &mut Call<'_>) -> Result<Reply> {
    let changes = call.body::<SettingsPatch>().map(settings::changes);
    Reply::ok(&call.write(move |cx, me| settings::set(cx, Actor::of(me)?, changes))?)
}

/// `POST /auth/reset`: whoever has the link need not be signed in.
pub fn reset_password(call: &mut Call<'_>) -> Result<Reply> {
    let ResetPassword { token, new_password } = call.body()?;
    let chat = &call.rest.chat;
    let (_, username) = chat.read(|cx| resets::owner(cx, &token, chat.store().lived_s()))?;
    let minimum = chat.settings().password_min;
    password::check_new(&new_password, &username, minimum).map_err(|error| renamed(error, "new_password"))?;
    let hash = call.rest.passwords.hash(&new_password)?;
    chat.write(move |cx| resets::redeem(cx, &token, &hash))?;
    // What they have tried before they asked for a link shall not keep them waiting.
    call.rest.throttles.sign_in_guard.succeeded(&username, AddressKey::from(call.request.client));
    Ok(Reply::no_content())
}
