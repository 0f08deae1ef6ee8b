//! Who somebody is: passwords, tokens, random codes, and how often one may try.
//!
//! Nothing here keeps time or stores anything: the present is passed in, and what must last is `store`'s.

pub mod password;
pub mod random;
pub mod reset;
pub mod sign_in_guard;
mod table;
pub mod throttle;
pub mod token;
mod verified;

pub use password::{Passwords, Verdict};
pub use reset::ResetToken;
pub use sign_in_guard::SignInGuard;
pub use throttle::{Allowance, Rates, Throttle, Throttles};
pub use token::{Claims, Keys, RefreshToken};
