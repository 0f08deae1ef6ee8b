//! Access tokens, which say who is asking and need no look-up, and refresh tokens, which get new ones.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac_sha256::{HMAC, Hash};
use jwt_simple::JWTError;
use jwt_simple::algorithms::{HS256Key, MACLike};
use jwt_simple::claims::JWTClaims;
use jwt_simple::common::VerificationOptions;
use jwt_simple::prelude::{Duration, UnixTimeStamp};
use serde::{Deserialize, Serialize};

use super::random::random_bytes;
use super::verified::Verified;
use crate::model::{Code, Error, Result, SessionId, Timestamp, UserId, limits};

/// The `iss` of our access tokens.
const ISSUER: &str = "chatd";

/// Later than this many seconds after the epoch (the year 2106) no date fits jwt-simple's 32 bits.
const SECONDS_MAX: u64 = u32::MAX as u64;

/// The keys that sign tokens, all derived from one secret, so that none of them can stand in for another.
pub struct Keys {
    access: HS256Key,
    verified: Verified,
    refresh_tag: [u8; 32],
    refresh_successor: [u8; 32],
}

/// What an access token says, once it is known to be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Whose token it is (`sub`).
    pub user_id: UserId,
    /// The sign-in session it belongs to (`sid`); whether that still lives is the caller's question.
    pub session_id: SessionId,
    /// When it expires (`exp`); it is taken for [`limits::TOKEN_TOLERANCE_S`] longer.
    pub expires_at: Timestamp,
}

/// The claim that RFC 7519 does not register but OpenID Connect does.
#[derive(Serialize, Deserialize)]
struct SessionClaim {
    sid: String,
}

impl Keys {
    /// Derives the keys from 32 random bytes, kept by the caller; the same bytes make the same keys.
    pub fn from_bytes(secret: &[u8; 32]) -> Self {
        let derive = |label: &str| HMAC::mac(label, secret);
        Self {
            access: HS256Key::from_bytes(&derive("chatd access token 1")),
            verified: Verified::new(),
            refresh_tag: derive("chatd refresh token tag 1"),
            refresh_successor: derive("chatd refresh token successor 1"),
        }
    }

    /// A JWT (RFC 7519, HS256) that is good for [`limits::ACCESS_TOKEN_S`] seconds from `now`.
    ///
    /// # Errors
    /// 500 if it cannot be written as JSON, which no value of these types brings about.
    pub fn issue_access(&self, user: UserId, session: SessionId, now: Timestamp) -> Result<String> {
        let issued_at = seconds(now);
        let claims = JWTClaims {
            issued_at: Some(UnixTimeStamp::from_secs(issued_at)),
            expires_at: Some(UnixTimeStamp::from_secs(issued_at.saturating_add(limits::ACCESS_TOKEN_S))),
            invalid_before: None,
            issuer: Some(ISSUER.to_owned()),
            subject: Some(user.to_string()),
            audiences: None,
            jwt_id: None,
            nonce: None,
            custom: SessionClaim { sid: session.to_string() },
        };
        self.access.authenticate(claims).map_err(|error| Error::internal(error.to_string()))
    }

    /// Reads an access token; no look-up in the database, a few microseconds at most.
    ///
    /// Only HS256 with our key is taken, whatever the header says (RFC 8725 §3.1), and only with `exp`, `iat`, `iss`,
    /// `sub` and `sid`. `iat` and `nbf` are not judged: after a clock was put back, tokens issued before seem to come
    /// from the future, and nobody shall be signed out for that.
    ///
    /// # Errors
    /// 401 `token_expired` if the time is over and all else is right, 401 `unauthenticated` for anything else.
    pub fn verify_access(&self, token: &str, now: Timestamp) -> Result<Claims> {
        // Those whose time is over are the library's to judge.
        if let Some(claims) = self.verified.get(token).filter(|claims| now < claims.expires_at) {
            return Ok(claims);
        }
        let claims = self.verify_anew(token, now)?;
        self.verified.put(token, claims);
        Ok(claims)
    }

    fn verify_anew(&self, token: &str, now: Timestamp) -> Result<Claims> {
        // jwt-simple takes every token for expired in the first seconds of 1970, where a Pi without a clock may start.
        let now = seconds(now).max(limits::TOKEN_TOLERANCE_S);
        match self.verify_at(token, now) {
            Ok(claims) => our_claims(&claims).ok_or_else(unauthenticated),
            Err(error) if matches!(error.downcast_ref(), Some(JWTError::TokenHasExpired)) => {
                // Were it not for the time: at the first moment there is, nothing has expired.
                let in_time = self.verify_at(token, limits::TOKEN_TOLERANCE_S);
                let ours = in_time.is_ok_and(|claims| our_claims(&claims).is_some());
                Err(if ours { Error::new(Code::TokenExpired) } else { unauthenticated() })
            }
            Err(_) => Err(unauthenticated()),
        }
    }

    fn verify_at(&self, token: &str, now_s: u64) -> Result<JWTClaims<SessionClaim>, jwt_simple::Error> {
        // Nothing in here is on the heap, so that making it costs nothing; hence no set of allowed issuers either,
        // `our_claims` looks at that.
        let options = VerificationOptions {
            accept_future: true,
            time_tolerance: Some(Duration::from_secs(limits::TOKEN_TOLERANCE_S)),
            max_token_length: Some(limits::TOKEN_BYTES),
            artificial_time: Some(UnixTimeStamp::from_secs(now_s)),
            ..VerificationOptions::default()
        };
        self.access.verify_token(token, Some(options))
    }
}

/// The keys are never printed.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

fn unauthenticated() -> Error {
    Error::new(Code::Unauthenticated)
}

pub(super) fn seconds(point: Timestamp) -> u64 {
    u64::try_from(point.0 / 1000).unwrap_or(0).min(SECONDS_MAX - limits::ACCESS_TOKEN_S)
}

/// What the token says, if all that is required is there.
fn our_claims(claims: &JWTClaims<SessionClaim>) -> Option<Claims> {
    claims.issued_at?;
    if claims.issuer.as_deref() != Some(ISSUER) {
        return None;
    }
    Some(Claims {
        user_id: UserId::parse(claims.subject.as_deref()?)?,
        session_id: SessionId::parse(&claims.custom.sid)?,
        expires_at: Timestamp(0).plus_seconds(i64::try_from(claims.expires_at?.as_secs()).ok()?),
    })
}

/// Bytes of a refresh token before its tag: session, generation, secret.
const BODY_BYTES: usize = 8 + 4 + 32;

/// Bytes of the tag: 128 bits, which nobody guesses online, and the secret before it has 256.
const TAG_BYTES: usize = 16;

/// Bytes of a whole refresh token; a multiple of three, so that base64 has no spare bits and one text is one token.
const REFRESH_BYTES: usize = BODY_BYTES + TAG_BYTES;

/// A refresh token: opaque to clients, used once.
///
/// It is base64url of `session (8) ‖ generation (4) ‖ secret (32) ‖ tag (16)`, numbers big-endian, the tag being
/// HMAC-SHA256 over what stands before it, cut to 16 bytes. RFC 9700 §4.14.2 asks for rotation with detection of
/// reuse, and the form serves that:
///
/// - The tag tells an old token of ours from garbage without keeping the old ones. Garbage is a plain 401; a token of
///   an earlier generation means that two parties hold the same family, and ends the session.
/// - Only [`hash`](Self::hash) of the live token is stored. Whoever reads the database gets nothing that can be used.
/// - The next token is computed from this one with a key ([`successor`](Self::successor)). When the answer that
///   carried it was lost, the same one is computed again, and 50 parallel refreshes lead to one live successor. Whoever
///   steals a token without the key cannot compute what follows it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    session: SessionId,
    generation: u32,
    secret: [u8; 32],
}

impl RefreshToken {
    /// The first token of a session, generation 0.
    ///
    /// # Errors
    /// 500 if there is no randomness.
    pub fn new_random(session: SessionId) -> Result<Self> {
        Ok(Self { session, generation: 0, secret: random_bytes()? })
    }

    /// Reads a token as a client sends it; `None` unless these keys made it. The tag is compared in constant time.
    pub fn parse(keys: &Keys, text: &str) -> Option<Self> {
        let mut bytes = [0; REFRESH_BYTES];
        // `decode_slice` fails unless the decoded bytes fit; shorter ones leave a length that is refused here.
        if URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()? != REFRESH_BYTES {
            return None;
        }
        let (body, given_tag) = bytes.split_first_chunk::<BODY_BYTES>()?;
        // The crate compares 32 bytes in constant time: hashing both tags makes them that long.
        if !Hash::verify(given_tag, &Hash::hash(&tag(keys, body))) {
            return None;
        }
        let (session, rest) = body.split_first_chunk::<8>()?;
        let (generation, secret) = rest.split_first_chunk::<4>()?;
        Some(Self {
            session: SessionId(i64::from_be_bytes(*session)),
            generation: u32::from_be_bytes(*generation),
            secret: secret.try_into().ok()?,
        })
    }

    /// The sign-in session that the token belongs to.
    pub fn session_id(&self) -> SessionId {
        self.session
    }

    /// How many rotations came before; the first token has 0.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The token that this one is exchanged for: always the same one, see [`RefreshToken`].
    pub fn successor(&self, keys: &Keys) -> Self {
        Self {
            session: self.session,
            // At one refresh a second the end of u32 is 136 years away; the secret changes all the same.
            generation: self.generation.saturating_add(1),
            secret: HMAC::mac(self.body(), keys.refresh_successor),
        }
    }

    /// SHA-256 over session, generation and secret: what is stored. No salt and no slow hash, as 256 random bits
    /// cannot be searched.
    pub fn hash(&self) -> [u8; 32] {
        Hash::hash(&self.body())
    }

    /// The token as a client gets it: 80 characters of base64url.
    pub fn to_string(&self, keys: &Keys) -> String {
        let body = self.body();
        URL_SAFE_NO_PAD.encode([body.as_slice(), &tag(keys, &body)].concat())
    }

    fn body(&self) -> [u8; BODY_BYTES] {
        let mut body = [0; BODY_BYTES];
        let fields = self.session.0.to_be_bytes().into_iter().chain(self.generation.to_be_bytes()).chain(self.secret);
        for (place, byte) in body.iter_mut().zip(fields) {
            *place = byte;
        }
        body
    }
}

/// The secret is never printed.
impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RefreshToken({}, generation {}, …)", self.session, self.generation)
    }
}

fn tag(keys: &Keys, body: &[u8; BODY_BYTES]) -> [u8; TAG_BYTES] {
    let whole = HMAC::mac(body, keys.refresh_tag);
    std::array::from_fn(|index| whole.get(index).copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac_sha256::HMAC;

    use super::{Claims, Keys, RefreshToken};
    use crate::model::{Code, SessionId, Timestamp, UserId, limits};

    const ALICE: UserId = UserId(61_884_102_352_502_784);
    const LAPTOP: SessionId = SessionId(i64::MAX);
    const NOW: Timestamp = Timestamp(1_746_966_896_789);
    const NOW_S: i64 = 1_746_966_896;

    fn keys() -> Keys {
        Keys::from_bytes(&[7; 32])
    }

    fn access_key() -> Vec<u8> {
        keys().access.to_bytes()
    }

    /// A token of any header and payload, signed with HMAC-SHA256, independent of jwt-simple.
    fn forge(header: &str, payload: &str, key: &[u8]) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let tag = URL_SAFE_NO_PAD.encode(HMAC::mac(&signed, key));
        format!("{signed}.{tag}")
    }

    const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

    fn payload(changes: &[(&str, Option<serde_json::Value>)]) -> String {
        let mut payload = serde_json::json!({
            "iss": "chatd", "sub": ALICE.to_string(), "sid": LAPTOP.to_string(), "iat": NOW_S, "exp": NOW_S + 900});
        let fields = payload.as_object_mut().unwrap();
        for (name, value) in changes {
            match value {
                Some(value) => fields.insert((*name).to_owned(), value.clone()),
                None => fields.remove(*name),
            };
        }
        payload.to_string()
    }

    #[track_caller]
    fn refused(token: &str) -> Code {
        keys().verify_access(token, NOW).unwrap_err().code
    }

    #[test]
    fn alice_is_known_by_her_token() {
        let token = keys().issue_access(ALICE, LAPTOP, NOW).unwrap();
        let expires_at = Timestamp((NOW_S + 900) * 1000);
        let claims = keys().verify_access(&token, NOW).unwrap();
        assert_eq!(claims, Claims { user_id: ALICE, session_id: LAPTOP, expires_at });
        let said = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let said: serde_json::Value = serde_json::from_slice(&said).unwrap();
        assert_eq!(said, serde_json::from_str::<serde_json::Value>(&payload(&[])).unwrap());
        assert!(keys().verify_access(&forge(HEADER, &payload(&[]), &access_key()), NOW).is_ok());
    }

    #[test]
    fn only_our_key_and_hs256_are_taken() {
        let key = access_key();
        let good = payload(&[]);
        let unsigned = |header: &str| {
            let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(&good));
            [format!("{signed}."), signed.clone(), format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 32]))]
        };
        let mut bad = Vec::from(unsigned(HEADER));
        for alg in ["none", "None", "NONE", "", "HS384", "HS512", "RS256", "ES256", "EdDSA", "hs256"] {
            let header = format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#);
            bad.push(forge(&header, &good, &key));
            bad.extend(unsigned(&header));
        }
        bad.push(forge(r#"{"typ":"JWT"}"#, &good, &key));
        bad.push(forge(r#"{"alg":"HS256","crit":["exp"]}"#, &good, &key));
        bad.push(forge(r#"{"alg":"HS256","typ":"JWE"}"#, &good, &key));
        bad.push(forge(HEADER, &good, &[7; 32]));
        bad.push(forge(HEADER, &good, b""));
        bad.push(Keys::from_bytes(&[8; 32]).issue_access(ALICE, LAPTOP, NOW).unwrap());
        bad.push(RefreshToken::new_random(LAPTOP).unwrap().to_string(&keys()));
        for garbage in ["", ".", "..", "...", "a.b.c", "Bearer", "\u{0}", "é.é.é"] {
            bad.push(garbage.to_owned());
        }
        for token in bad {
            assert_eq!(refused(&token), Code::Unauthenticated, "{token}");
        }
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let token = keys().issue_access(ALICE, LAPTOP, NOW).unwrap();
        for place in 0..token.len() {
            for replacement in [b'A', b'B', b'.', b'=', b'_'] {
                let mut changed = token.clone().into_bytes();
                if changed[place] != replacement {
                    changed[place] = replacement;
                    assert_eq!(refused(&String::from_utf8(changed).unwrap()), Code::Unauthenticated, "at {place}");
                }
            }
        }
        for changed in [format!("{token}="), format!("{token}.x"), format!(" {token}"), token[..token.len() - 1].into()]
        {
            assert_eq!(refused(&changed), Code::Unauthenticated, "{changed}");
        }
    }

    #[test]
    fn every_claim_is_required_and_read_strictly() {
        let key = access_key();
        for claim in ["iss", "sub", "sid", "iat", "exp"] {
            assert_eq!(refused(&forge(HEADER, &payload(&[(claim, None)]), &key)), Code::Unauthenticated, "{claim}");
        }
        for (claim, value) in [
            ("iss", serde_json::json!("other")),
            ("sub", serde_json::json!("alice")),
            ("sub", serde_json::json!("-1")),
            ("sub", serde_json::json!("042")),
            ("sub", serde_json::json!(42)),
            ("sid", serde_json::json!("")),
            ("sid", serde_json::json!(42)),
            ("exp", serde_json::json!("tomorrow")),
            ("exp", serde_json::json!(-1)),
        ] {
            let token = forge(HEADER, &payload(&[(claim, Some(value.clone()))]), &key);
            assert_eq!(refused(&token), Code::Unauthenticated, "{claim}: {value}");
        }
    }

    #[test]
    fn a_token_expires_30_seconds_after_its_time() {
        let token = keys().issue_access(ALICE, LAPTOP, NOW).unwrap();
        let issued = Timestamp(NOW_S * 1000);
        assert!(keys().verify_access(&token, issued.plus_seconds(930)).is_ok());
        assert_eq!(keys().verify_access(&token, issued.plus_seconds(931)).unwrap_err().code, Code::TokenExpired);
        // Expired and wrong besides is wrong: a refresh would not help.
        let late = [("exp", Some(serde_json::json!(NOW_S - 900)))];
        assert_eq!(refused(&forge(HEADER, &payload(&late), &access_key())), Code::TokenExpired);
        for wrong in [("iss", Some(serde_json::json!("other"))), ("iat", None), ("sub", None), ("sid", None)] {
            let token = forge(HEADER, &payload(&[late[0].clone(), wrong.clone()]), &access_key());
            assert_eq!(refused(&token), Code::Unauthenticated, "{wrong:?}");
        }
        assert_eq!(refused(&forge(HEADER, &payload(&late), &[1; 32])), Code::Unauthenticated);
    }

    #[test]
    fn a_clock_that_was_put_back_signs_nobody_out() {
        let token = keys().issue_access(ALICE, LAPTOP, NOW).unwrap();
        for clock in [Timestamp(0), Timestamp(-1), NOW.plus_seconds(-6 * 365 * 24 * 3600)] {
            assert!(keys().verify_access(&token, clock).is_ok(), "{clock}");
            let of_then = keys().issue_access(ALICE, LAPTOP, clock).unwrap();
            assert!(keys().verify_access(&of_then, clock).is_ok(), "{clock}");
        }
        let far = Timestamp(i64::MAX);
        assert!(keys().verify_access(&keys().issue_access(ALICE, LAPTOP, far).unwrap(), far).is_ok());
    }

    #[test]
    fn an_oversized_token_is_refused_though_its_signature_is_right() {
        let padded = |bytes: usize| {
            forge(HEADER, &payload(&[("filler", Some(serde_json::json!("x".repeat(bytes))))]), &access_key())
        };
        let (fits, over) = (padded(2_000), padded(3_000));
        assert!(fits.len() <= limits::TOKEN_BYTES && keys().verify_access(&fits, NOW).is_ok());
        assert!(over.len() > limits::TOKEN_BYTES);
        assert_eq!(refused(&over), Code::Unauthenticated);
    }

    #[test]
    fn a_refresh_token_survives_the_way_to_the_client_and_back() {
        let token = RefreshToken::new_random(LAPTOP).unwrap();
        let text = token.to_string(&keys());
        assert_eq!(text.len(), 80);
        assert_eq!(RefreshToken::parse(&keys(), &text), Some(token.clone()));
        assert_eq!((token.session_id(), token.generation()), (LAPTOP, 0));
        assert_ne!(RefreshToken::new_random(LAPTOP).unwrap(), token);
        assert!(!format!("{token:?}").contains(&text[..20]));
    }

    #[test]
    fn a_refresh_token_that_is_not_ours_is_garbage() {
        let text = RefreshToken::new_random(LAPTOP).unwrap().to_string(&keys());
        assert_eq!(RefreshToken::parse(&Keys::from_bytes(&[8; 32]), &text), None);
        for place in 0..text.len() {
            for replacement in [b'A', b'B', b'='] {
                let mut changed = text.clone().into_bytes();
                if changed[place] != replacement {
                    changed[place] = replacement;
                    assert_eq!(RefreshToken::parse(&keys(), std::str::from_utf8(&changed).unwrap()), None, "{place}");
                }
            }
        }
        let access = keys().issue_access(ALICE, LAPTOP, NOW).unwrap();
        for garbage in ["", "AAAA", &text[..79], &text[..76], &format!("{text}AAAA"), &format!("{text}="), &access, "é"]
        {
            assert_eq!(RefreshToken::parse(&keys(), garbage), None, "{garbage}");
        }
    }

    #[test]
    fn a_lost_answer_is_derived_again() {
        let first = RefreshToken::new_random(LAPTOP).unwrap();
        let answered = first.successor(&keys());
        let again = RefreshToken::parse(&keys(), &first.to_string(&keys())).unwrap().successor(&keys());
        assert_eq!(answered.to_string(&keys()), again.to_string(&keys()));
        assert_eq!((answered.session_id(), answered.generation()), (LAPTOP, 1));
        // Without the key a thief cannot go on from a stolen token, nor from a stored hash.
        assert_ne!(first.successor(&Keys::from_bytes(&[8; 32])), answered);
        assert_ne!(first.hash(), answered.secret);
    }

    #[test]
    fn reuse_is_told_from_the_live_token_by_the_stored_hash() {
        let first = RefreshToken::new_random(LAPTOP).unwrap();
        let second = first.successor(&keys());
        let third = second.successor(&keys());
        let stored = third.hash();
        for old in [&first, &second] {
            let used_again = RefreshToken::parse(&keys(), &old.to_string(&keys())).unwrap();
            assert_ne!(used_again.hash(), stored);
            assert!(used_again.generation() < third.generation());
        }
        assert_eq!(RefreshToken::parse(&keys(), &third.to_string(&keys())).unwrap().hash(), stored);
        // The predecessor, and only it, leads to the live one: that is whom the grace is for.
        assert_eq!(second.successor(&keys()).hash(), stored);
        assert_ne!(first.successor(&keys()).hash(), stored);
    }

    #[test]
    fn a_refresh_token_is_never_the_same_for_two_sessions() {
        let here = RefreshToken { session: SessionId(1), generation: 0, secret: [1; 32] };
        let there = RefreshToken { session: SessionId(2), ..here.clone() };
        assert_ne!(here.hash(), there.hash());
        assert_ne!(here.successor(&keys()).secret, there.successor(&keys()).secret);
    }
}
