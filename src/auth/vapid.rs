//! By what push services know the instance: a key of its own, and tokens signed with it (RFC 8292).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac_sha256::HMAC;
use jwt_simple::algorithms::{ECDSAP256KeyPairLike, ECDSAP256PublicKeyLike, ES256KeyPair};
use jwt_simple::claims::{Audiences, JWTClaims, NoCustomClaims};
use jwt_simple::prelude::UnixTimeStamp;

use super::token::seconds;
use crate::model::{Error, Result, Timestamp, limits};

/// The key pair. It is derived from the instance's key, so it is as old, as secret and as safe in backups as that.
pub struct Vapid {
    pair: ES256KeyPair,
    public: String,
    topics: [u8; 32],
}

impl Vapid {
    /// Derives it from the instance's key; the same bytes make the same pair.
    ///
    /// # Errors
    /// 500 for one secret in 2^128, none of four numbers derived from which is a private key.
    pub fn from_bytes(secret: &[u8; 32]) -> Result<Self> {
        // Of 2^32 numbers all but one are below the group's order.
        let mut pairs = (1..=4).map(|n| HMAC::mac(format!("chatd push {n}"), secret));
        let pair = pairs.find_map(|bytes| ES256KeyPair::from_bytes(&bytes).ok());
        let pair = pair.ok_or_else(|| Error::internal("no key for pushes can be derived"))?;
        let public = URL_SAFE_NO_PAD.encode(pair.public_key().public_key().to_bytes_uncompressed());
        Ok(Self { pair, public, topics: HMAC::mac("chatd push topic 1", secret) })
    }

    /// The public key: base64url of the uncompressed point, as browsers want it.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// A topic (RFC 8030 §5.4) of 32 symbols: by it a push service sees that pushes are about the same, and not about what.
    pub fn topic(&self, about: &str) -> String {
        let mac = HMAC::mac(about, self.topics);
        URL_SAFE_NO_PAD.encode(mac.first_chunk::<24>().copied().unwrap_or_default())
    }

    /// The value of `Authorization` for the push service at `origin`, good for [`limits::PUSH_TOKEN_S`] seconds.
    /// `contact` says whom to tell when something is wrong with our pushes.
    ///
    /// # Errors
    /// 500 if it cannot be written as JSON, which no value of these types brings about.
    pub fn authorization(&self, origin: &str, contact: &str, now: Timestamp) -> Result<String> {
        let claims = JWTClaims {
            issued_at: None,
            expires_at: Some(UnixTimeStamp::from_secs(seconds(now).saturating_add(limits::PUSH_TOKEN_S))),
            invalid_before: None,
            issuer: None,
            subject: Some(contact.to_owned()),
            audiences: Some(Audiences::AsString(origin.to_owned())),
            jwt_id: None,
            nonce: None,
            custom: NoCustomClaims {},
        };
        let token = self.pair.sign(claims).map_err(|error| Error::internal(error.to_string()))?;
        Ok(format!("vapid t={token}, k={}", self.public))
    }
}

/// The key is never printed.
impl std::fmt::Debug for Vapid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vapid(…)")
    }
}

#[cfg(test)]
mod tests {
    use jwt_simple::algorithms::ES256PublicKey;
    use jwt_simple::common::VerificationOptions;

    use super::*;

    /// RFC 8292 §2.4: a token, and the key that it is verified with.
    const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA";
    const KEY: &str = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs";

    /// The subject and the audience of a token that this key has signed, and until when it is good.
    fn verified(token: &str, key: &str, now_s: u64) -> Option<(String, String, u64)> {
        let key = ES256PublicKey::from_bytes(&URL_SAFE_NO_PAD.decode(key).unwrap()).unwrap();
        let options = VerificationOptions {
            artificial_time: Some(UnixTimeStamp::from_secs(now_s)),
            accept_future: true,
            ..VerificationOptions::default()
        };
        let claims = key.verify_token::<NoCustomClaims>(token, Some(options)).ok()?;
        let Some(Audiences::AsString(audience)) = claims.audiences else { panic!("a push service wants one") };
        Some((claims.subject?, audience, claims.expires_at?.as_secs()))
    }

    #[test]
    fn the_example_of_the_rfc_is_verified_as_ours_are() {
        let example = ("mailto:push@example.com".to_owned(), "https://push.example.net".to_owned(), 1_453_523_768);
        assert_eq!(verified(TOKEN, KEY, 1_453_500_000), Some(example));
        let vapid = Vapid::from_bytes(&[7; 32]).unwrap();
        assert_eq!(verified(TOKEN, vapid.public(), 1_453_500_000), None);

        let now = Timestamp(1_900_000_000_000);
        let header = vapid.authorization("https://push.example.net", "https://chat.example", now).unwrap();
        let (token, key) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!(key, vapid.public());
        let (subject, audience, expires_at) = verified(token, key, 1_900_000_000).unwrap();
        assert_eq!((subject.as_str(), audience.as_str()), ("https://chat.example", "https://push.example.net"));
        assert!(expires_at > 1_900_000_000 && expires_at <= 1_900_000_000 + 24 * 3600, "RFC 8292 §2: at most a day");
        let head = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        let head: serde_json::Value = serde_json::from_slice(&head).unwrap();
        assert_eq!(head, serde_json::json!({"alg": "ES256", "typ": "JWT"}));
    }

    #[test]
    fn the_same_secret_is_the_same_key_and_it_is_a_point_of_65_bytes() {
        let one = Vapid::from_bytes(&[1; 32]).unwrap();
        assert_eq!(one.public(), Vapid::from_bytes(&[1; 32]).unwrap().public());
        assert_ne!(one.public(), Vapid::from_bytes(&[2; 32]).unwrap().public());
        let point = URL_SAFE_NO_PAD.decode(one.public()).unwrap();
        assert_eq!((point.len(), point[0]), (65, 4));
        assert_eq!(format!("{one:?}"), "Vapid(…)");
        let topic = one.topic("1 2");
        assert_eq!((topic.len(), topic == one.topic("1 2"), topic == one.topic("1 3")), (32, true, false));
    }
}
