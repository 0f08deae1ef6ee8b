//! Randomness, always from the operating system.

use crate::model::{Error, Result};

/// Symbols of a [`code`] that make 80 bits, the least that an invite or a set-up code may have.
pub const CODE_SYMBOLS: usize = 16;

/// No 0 and O, no 1, I and l: whoever copies a code from a screen or a letter cannot confuse two of these. There are
/// exactly 32, so five random bits pick one without bias.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// `N` random bytes.
///
/// # Errors
/// 500 if the operating system gives none. The request fails and nothing weaker is used in its place: a guessable
/// token is worse than none. Linux can only fail here when `getrandom(2)` is forbidden or missing, so whoever asks
/// at the start of the process (for its key) should end it then.
pub fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::internal(format!("no random bytes: {error}")))?;
    Ok(bytes)
}

/// A code for people, of five bits a symbol, for invites and the set-up. Fewer symbols than [`CODE_SYMBOLS`] are
/// raised to it.
///
/// # Errors
/// As [`random_bytes`].
pub fn code(symbols: usize) -> Result<String> {
    let mut random = vec![0; symbols.max(CODE_SYMBOLS)];
    getrandom::fill(&mut random).map_err(|error| Error::internal(format!("no random bytes: {error}")))?;
    Ok(random
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte & 31)))
        .map(|&symbol| char::from(symbol))
        .collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{ALPHABET, CODE_SYMBOLS, code, random_bytes};

    #[test]
    fn bytes_are_not_the_same_twice() {
        assert_ne!(random_bytes::<32>().unwrap(), random_bytes::<32>().unwrap());
    }

    #[test]
    fn codes_hold_80_bits_in_symbols_nobody_confuses() {
        assert!(ALPHABET.iter().all(|symbol| !b"0O1Il".contains(symbol)));
        let distinct: std::collections::HashSet<_> = ALPHABET.iter().collect();
        assert_eq!(distinct.len(), 32);
        for (asked, given) in [(0, CODE_SYMBOLS), (10, CODE_SYMBOLS), (16, 16), (20, 20)] {
            let code = code(asked).unwrap();
            assert_eq!(code.len(), given);
            assert!(code.bytes().all(|symbol| ALPHABET.contains(&symbol)), "{code}");
        }
    }

    #[test]
    fn every_symbol_is_as_likely_as_any_other() {
        let mut counts = HashMap::new();
        for symbol in code(64_000).unwrap().bytes() {
            *counts.entry(symbol).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 32);
        // 2,000 expected, deviation 44: ten deviations either way will not be seen by chance.
        assert!(counts.values().all(|count| (1_560..=2_440).contains(count)), "{counts:?}");
    }
}
