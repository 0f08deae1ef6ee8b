//! What a push service cannot read: a message sealed for one browser (RFC 8291), in one record (RFC 8188).

use hmac_sha256::HKDF;
use p256::elliptic_curve::ecdh::diffie_hellman;
use p256::{PublicKey, SecretKey};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::auth::random::random_bytes;
use crate::model::push::PushKeys;
use crate::model::{Error, Result};

/// The record's size, as the RFC's own example has it: whatever we send is one record.
const RECORD: u32 = 4_096;

/// An uncompressed point.
const POINT: usize = 65;

/// Sizes of what is sealed, padding included: few, so that the length of a message tells next to nothing of it.
pub(super) const SIZES: [usize; 2] = [1_024, 3_000];

/// Seals `text`, padded to the smallest of [`SIZES`] that holds it.
///
/// # Errors
/// 500 if it is larger than the largest, if the keys are none, or without randomness.
pub(super) fn seal(text: &[u8], keys: &PushKeys) -> Result<Vec<u8>> {
    let size = SIZES.into_iter().find(|size| text.len() <= *size);
    let size = size.ok_or_else(|| Error::internal("the text of a push is too long"))?;
    // All but one of 2^32 numbers are a private key.
    let mut ours = random_bytes::<32>()?;
    while SecretKey::from_slice(&ours).is_err() {
        ours = random_bytes()?;
    }
    seal_with(text, size - text.len(), keys, &ours, &random_bytes()?)
}

/// With the padding, the key and the salt of one's choice.
fn seal_with(text: &[u8], padding: usize, keys: &PushKeys, ours: &[u8; 32], salt: &[u8; 16]) -> Result<Vec<u8>> {
    let ours = SecretKey::from_slice(ours).map_err(|error| Error::internal(error.to_string()))?;
    let theirs = PublicKey::from_sec1_bytes(&keys.p256dh).map_err(|error| Error::internal(error.to_string()))?;
    let public = ours.public_key().to_sec1_bytes();
    let shared = diffie_hellman(ours.to_nonzero_scalar(), theirs.as_affine());
    // RFC 8291 §3.4
    let mut info = b"WebPush: info\0".to_vec();
    info.extend_from_slice(&keys.p256dh);
    info.extend_from_slice(&public);
    let mut secret = [0; 32];
    HKDF::expand(&mut secret, HKDF::extract(keys.auth, shared.raw_secret_bytes()), &info);

    let (key, nonce) = of_record(salt, &secret);
    let mut sealed = [text, &[2], &vec![0; padding]].concat();
    let key = UnboundKey::new(&AES_128_GCM, &key).map_err(|_| Error::internal("AES wants another key"))?;
    LessSafeKey::new(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
        .map_err(|_| Error::internal("AES-GCM has failed"))?;
    // RFC 8188 §2.1: salt, record size, and the length of the key's name, which is our public key.
    let head = [&salt[..], &RECORD.to_be_bytes(), &[POINT as u8], &public];
    Ok([head.concat(), sealed].concat())
}

/// The key and the nonce of a message's only record (RFC 8188 §2.2, §2.3).
fn of_record(salt: &[u8; 16], secret: &[u8]) -> ([u8; 16], [u8; 12]) {
    let extracted = HKDF::extract(salt, secret);
    let (mut key, mut nonce) = ([0; 16], [0; 12]);
    HKDF::expand(&mut key, extracted, b"Content-Encoding: aes128gcm\0");
    HKDF::expand(&mut nonce, extracted, b"Content-Encoding: nonce\0");
    (key, nonce)
}

/// Whether these 65 bytes are a point of the curve that somebody may have the private key of.
pub fn is_point(bytes: &[u8]) -> bool {
    bytes.len() == POINT && bytes.first() == Some(&4) && PublicKey::from_sec1_bytes(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
    }

    /// Opens what was sealed, as a browser does.
    fn open(sealed: &[u8], theirs: &[u8; 32], auth: [u8; 16]) -> Vec<u8> {
        let (head, sealed) = sealed.split_at(86);
        assert_eq!((&head[16..20], head[20]), (&RECORD.to_be_bytes()[..], 65));
        let theirs = SecretKey::from_slice(theirs).unwrap();
        let public = PublicKey::from_sec1_bytes(&head[21..]).unwrap();
        let shared = diffie_hellman(theirs.to_nonzero_scalar(), public.as_affine());
        let info = [b"WebPush: info\0", &*theirs.public_key().to_sec1_bytes(), &head[21..]].concat();
        let mut secret = [0; 32];
        HKDF::expand(&mut secret, HKDF::extract(auth, shared.raw_secret_bytes()), info);
        let (key, nonce) = of_record(head[..16].try_into().unwrap(), &secret);
        let mut opened = sealed.to_vec();
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let length = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut opened).unwrap().len();
        opened.truncate(length);
        opened
    }

    const THEIRS: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";

    fn keys() -> PushKeys {
        PushKeys {
            p256dh: bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
            auth: bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        }
    }

    #[test]
    fn the_example_of_rfc_8291_section_5_and_appendix_a() {
        let sealed = seal_with(
            b"When I grow up, I want to be a watermelon",
            0,
            &keys(),
            &bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
            &bytes("DGv6ra1nlYgDCS1FRnbzlw"),
        );
        assert_eq!(
            URL_SAFE_NO_PAD.encode(sealed.unwrap()),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBr\
             u3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn the_keys_of_rfc_8188_section_3_1_open_its_example() {
        let body =
            URL_SAFE_NO_PAD.decode("I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg").unwrap();
        let (key, nonce) = of_record(body[..16].try_into().unwrap(), &bytes::<16>("yqdlZ-tYemfogSmv7Ws5PQ"));
        let mut record = body[21..].to_vec();
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let opened = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record).unwrap();
        assert_eq!(opened, b"I am the walrus\x02");
    }

    #[test]
    fn the_first_record_of_rfc_8188_section_3_2_with_its_padding() {
        let body = URL_SAFE_NO_PAD
            .decode(
                "uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS_uA",
            )
            .unwrap();
        let (key, nonce) = of_record(body[..16].try_into().unwrap(), &bytes::<16>("BO3ZVPxUlnLORbVGMpbT1Q"));
        assert_eq!(&body[16..23], b"\0\0\0\x19\x02a1");
        let mut record = body[23..48].to_vec();
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let opened = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record).unwrap();
        // Not the last record: 1 ends the text, and behind it is padding.
        assert_eq!(opened, b"I am th\x01\0");
    }

    #[test]
    fn lengths_are_one_of_two_and_what_was_sealed_comes_out() {
        let theirs = bytes(THEIRS);
        for (length, size) in [(0, 1_024), (41, 1_024), (1_024, 1_024), (1_025, 3_000), (3_000, 3_000)] {
            let text = vec![b'x'; length];
            let sealed = seal(&text, &keys()).unwrap();
            assert_eq!(sealed.len(), 86 + size + 1 + 16);
            assert!(sealed.len() <= RECORD as usize, "push services need take no more (RFC 8030 §7.2)");
            let opened = open(&sealed, &theirs, keys().auth);
            let end = opened.iter().rposition(|byte| *byte != 0).unwrap();
            assert_eq!((&opened[..end], opened[end]), (&text[..], 2));
        }
        assert!(seal(&[0; 3_001], &keys()).is_err());
        let (one, other) = (seal(b"", &keys()).unwrap(), seal(b"", &keys()).unwrap());
        assert!(one[..86] != other[..86], "salt and key are another each time");
    }

    #[test]
    fn only_points_of_the_curve_are_keys() {
        let good = keys().p256dh;
        assert!(is_point(&good));
        let mut off = good;
        off[64] ^= 1;
        let compressed: Vec<u8> = [&[2], &good[1..33]].concat();
        for bad in [&off[..], &good[..64], &compressed, &[], &[0; 65], &[4; 65]] {
            assert!(!is_point(bad));
        }
        assert!(seal(b"x", &PushKeys { p256dh: off, auth: [0; 16] }).is_err());
    }
}
