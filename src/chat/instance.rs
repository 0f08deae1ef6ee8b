//! What everybody may know of the instance.

use super::{Reading, Registration, Writing};
use crate::auth::random;
use crate::model::Result;
use crate::store;

/// Symbols of a set-up code: over 80 bits, short enough to type.
const SETUP_SYMBOLS: usize = 16;

/// Facts for `/instance`.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Who may make an account.
    pub registration: Registration,
    /// Whether the first account, the administrator's, is still to be made.
    pub setup_required: bool,
}

/// The facts.
///
/// # Errors
/// Database errors.
pub fn facts(cx: &Reading<'_>) -> Result<Facts> {
    Ok(Facts { registration: cx.shared.settings.get().registration, setup_required: !store::accounts::any(cx.db)? })
}

/// The code that the first account needs: as configured, as made before, or a new one. None once there is an account.
///
/// # Errors
/// Database errors.
pub fn setup_code(cx: &mut Writing<'_, '_>, configured: Option<&str>) -> Result<Option<String>> {
    if store::accounts::any(cx.db)? {
        return Ok(None);
    }
    let stored = store::instance::setup_code(cx.db)?;
    let code = match (configured, stored) {
        (Some(code), _) => code.to_owned(),
        (None, Some(code)) => code,
        (None, None) => random::code(SETUP_SYMBOLS)?,
    };
    store::instance::set_setup_code(cx.db, Some(&code))?;
    Ok(Some(code))
}
