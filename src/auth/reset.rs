//! Tokens that set a new password, once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac_sha256::Hash;

use super::random::random_bytes;
use crate::model::Result;

/// Random bytes of a token: nobody guesses it.
const BYTES: usize = 32;

/// What a link holds that lets somebody set a new password. Only its hash is kept.
pub struct ResetToken([u8; BYTES]);

impl ResetToken {
    /// A new one.
    ///
    /// # Errors
    /// 500 without randomness.
    pub fn new_random() -> Result<Self> {
        random_bytes().map(Self)
    }

    /// Reads one; none if the text cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        (length == BYTES).then_some(Self(bytes))
    }

    /// As it stands in the link.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is kept of it. It is random, so nothing slower is needed to keep it from being guessed.
    pub fn hash(&self) -> [u8; 32] {
        Hash::hash(&self.0)
    }
}

impl std::fmt::Debug for ResetToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResetToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::ResetToken;

    #[test]
    fn a_token_survives_its_link_and_nothing_else_is_one() {
        let token = ResetToken::new_random().unwrap();
        let text = token.text();
        assert_eq!(ResetToken::parse(&text).unwrap().hash(), token.hash());
        assert_ne!(ResetToken::new_random().unwrap().hash(), token.hash());
        for bad in ["", "x", &text[1..], &format!("{text}A"), &format!("{text}="), &text.replace(&text[..1], "é")] {
            assert!(ResetToken::parse(bad).is_none_or(|other| other.hash() != token.hash()), "{bad}");
        }
        assert!(ResetToken::parse(&"A".repeat(1_000_000)).is_none());
        assert!(!format!("{token:?}").contains(&text));
    }
}
