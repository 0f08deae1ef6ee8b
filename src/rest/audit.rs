//! Who did what in a server.

use super::call::Call;
use super::query::BEFORE;
use super::reply::Reply;
use crate::chat::{Caller, Reading, audit};
use crate::model::Result;

/// `GET /servers/{server_id}/audit-log`.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    let server = call.server_id();
    let list = |cx: &Reading<'_>, me: &Caller, page| audit::list(cx, me, server?, page);
    call.page(BEFORE, |query| query.page(&[BEFORE]), list, |entry| entry.entry_id.0)
}
