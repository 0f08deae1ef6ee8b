//! Passwords: what may be one, and argon2id for keeping and checking them.

use std::io::{BufRead, BufReader};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use flate2::read::GzDecoder;

use super::random::random_bytes;
use crate::model::name::{Password, Username};
use crate::model::{Code, Error, Result, limits};

/// argon2id memory in KiB: with [`PASSES`] the first choice of OWASP's password storage cheat sheet that a Pi can bear.
const MEMORY_KIB: u32 = 19 * 1024;

/// argon2id passes over the memory.
const PASSES: u32 = 2;

/// argon2id lanes.
const LANES: u32 = 1;

/// Bytes of a salt (RFC 9106 §3.1 recommends 16).
const SALT_BYTES: usize = 16;

/// Bytes of a hash.
const HASH_BYTES: usize = 32;

/// A stored hash may ask for this much memory in KiB, to have room for an older or newer version's parameters; more
/// means that the database was tampered with.
const STORED_MEMORY_KIB_MAX: u32 = 64 * 1024;

/// A stored hash may ask for this many passes, for the same reason.
const STORED_PASSES_MAX: u32 = 8;

/// Blocks of 1 KiB that are reserved at once, though only [`MEMORY_KIB`] of them are ever touched.
///
/// glibc gives memory back at once if it came in a piece of more than 32 MiB (`DEFAULT_MMAP_THRESHOLD_MAX`). Of
/// smaller pieces it learns from the second one on to keep them for the next caller, which here means 19 MiB in the
/// arena of every thread that ever signed somebody in. Pages that are not touched cost nothing.
const RESERVED_BLOCKS: usize = 32 * 1024 + 64;

/// What an unknown user's password is compared with. Its output is made up, so no password fits, and its parameters
/// are today's, so that it costs what a real one does; a test holds it to that.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlzIQ$bm9ib2R5IGhhcyB0aGlzIHBhc3N3b3JkLCBldmVyLi4";

/// Passwords seen most in leaks, in lower case, sorted by bytes, of six characters and more: 48,741 of them, which
/// `build.rs` has compressed.
///
/// Made from the password lists of `zxcvbn` 4.5.0 (PyPI, MIT, © Daniel Wolf),
/// `@zxcvbn-ts/language-common` 3.0.4 (npm, MIT, © Dan Wheeler and Dropbox) and `django` 5.2.19 (PyPI, BSD-3-Clause,
/// © Django Software Foundation; the list is Royce Williams's).
const COMMON: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/common-passwords.gz"));

/// What a comparison found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Right,
    /// It is the password, but its hash has other parameters than today's: store a new [`Passwords::hash`].
    RightButOutdated,
    /// It is not the password, or there is no such user.
    Wrong,
}

/// argon2id, at most [`limits::HASHERS`] at a time.
///
/// It runs in place, on the thread that asks, behind a gate, and not on threads of its own. Its memory is a heap
/// block and a few KiB of stack, which a test runs in a quarter of a connection's 256 KiB. So a thread pool would
/// only add what can fail: threads that do not start, answers that do not come. The gate bounds memory as well: each
/// of [`limits::HASHERS`] runs has one block of 19 MiB, handed from a run to the next as long as somebody waits, and
/// given back to the system when nobody does.
#[derive(Debug, Default)]
pub struct Passwords {
    gate: Gate,
}

impl Passwords {
    /// A hasher that holds no memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hashes with a new salt, as a PHC string (`$argon2id$v=19$m=…`).
    ///
    /// # Errors
    /// 429 if [`limits::HASH_QUEUE`] others wait already, 500 if there is no randomness or no memory.
    pub fn hash(&self, password: &Password) -> Result<String> {
        let salt = random_bytes::<SALT_BYTES>()?;
        let output = self.run(password, Version::V0x13, &today()?, &salt)?;
        let hash = PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&today()?).map_err(argon2_failed)?,
            salt: Some(Salt::new(&salt).map_err(argon2_failed)?),
            hash: Some(output),
        };
        Ok(hash.to_string())
    }

    /// Compares with a stored hash, in constant time. `None`, for a user that does not exist, takes as long and is
    /// [`Verdict::Wrong`].
    ///
    /// # Errors
    /// 429 if [`limits::HASH_QUEUE`] others wait already; 500 if the stored text is no argon2id hash or asks for more
    /// memory or time than any version of ours did.
    pub fn verify(&self, password: &Password, stored: Option<&str>) -> Result<Verdict> {
        let phc = PasswordHash::new(stored.unwrap_or(NOBODY)).map_err(argon2_failed)?;
        let params = Params::try_from(&phc).map_err(argon2_failed)?;
        let version = phc.version.map_or(Ok(Version::V0x13), Version::try_from).map_err(argon2_failed)?;
        let (Some(salt), Some(expected)) = (&phc.salt, &phc.hash) else {
            return Err(Error::internal("a stored password hash is incomplete"));
        };
        let bounded = params.m_cost() <= STORED_MEMORY_KIB_MAX && params.t_cost() <= STORED_PASSES_MAX;
        if phc.algorithm != ARGON2ID_IDENT || !bounded {
            return Err(Error::internal("a stored password hash is not one of ours"));
        }
        // `Output` compares in constant time.
        if self.run(password, version, &params, salt)? != *expected || stored.is_none() {
            return Ok(Verdict::Wrong);
        }
        let current = version == Version::V0x13 && params == today()? && salt.len() >= SALT_BYTES;
        Ok(if current { Verdict::Right } else { Verdict::RightButOutdated })
    }

    fn run(&self, password: &Password, version: Version, params: &Params, salt: &[u8]) -> Result<Output> {
        let mut pass = self.gate.enter()?;
        let blocks = pass.blocks(params.block_count())?;
        let mut output = [0; Output::MAX_LENGTH];
        let output = output
            .get_mut(..params.output_len().unwrap_or(HASH_BYTES))
            .ok_or_else(|| Error::internal("a stored password hash is too long"))?;
        Argon2::new(Algorithm::Argon2id, version, params.clone())
            .hash_password_into_with_memory(password.as_str().as_bytes(), salt, output, blocks)
            .map_err(argon2_failed)?;
        Output::new(output).map_err(argon2_failed)
    }
}

/// Whether this may be somebody's new password: at least `min` characters, not the username, not a common one. Case
/// does not make a difference. (NIST SP 800-63B §3.1.1.2 asks for just this and no rules of composition.)
///
/// # Errors
/// 400 for the field `password`.
pub fn check_new(password: &Password, username: &Username, min: usize) -> Result<()> {
    let refuse = |rule: String| Err(Error::field("password", rule));
    if password.as_str().chars().count() < min {
        return refuse(format!("must be at least {min} characters"));
    }
    let folded = password.as_str().to_lowercase();
    if folded == username.as_str() {
        return refuse("must not be the username".to_owned());
    }
    if is_common(&folded) {
        return refuse("is one of the passwords that are tried first: choose another".to_owned());
    }
    Ok(())
}

fn common() -> impl Iterator<Item = String> {
    BufReader::new(GzDecoder::new(COMMON)).lines().map_while(Result::ok)
}

/// Looks through the list while it is unpacked: a few ms at most, where the hash that follows takes many more.
fn is_common(folded: &str) -> bool {
    // It is sorted: behind the place where it would stand nobody needs to look.
    common().find(|line| line.as_str() >= folded).is_some_and(|line| line == folded)
}

fn today() -> Result<Params> {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).map_err(argon2_failed)
}

fn argon2_failed(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("argon2: {error}"))
}

/// Lets [`limits::HASHERS`] in at a time, in order of arrival, and [`limits::HASH_QUEUE`] wait.
#[derive(Debug, Default)]
struct Gate {
    state: Mutex<State>,
    handed_over: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Passes out, those handed over included.
    running: usize,
    waiting: usize,
    /// Passes given back while somebody waited: they go to those, not to whoever comes next.
    handed_over: usize,
    /// Memory of the passes handed over.
    spare: Vec<Vec<Block>>,
}

impl Gate {
    fn enter(&self) -> Result<Pass<'_>> {
        let mut state = self.lock();
        if state.running < limits::HASHERS {
            state.running += 1;
            return Ok(Pass { gate: self, blocks: Vec::new() });
        }
        if state.waiting >= limits::HASH_QUEUE {
            let busy = "Too many people are signing in at this moment: try again shortly.";
            return Err(Error { retry_after_s: Some(2), ..Error::with_detail(Code::RateLimited, busy) });
        }
        state.waiting += 1;
        let mut state =
            self.handed_over.wait_while(state, |state| state.handed_over == 0).unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state.handed_over -= 1;
        let blocks = state.spare.pop().unwrap_or_default();
        Ok(Pass { gate: self, blocks })
    }

    /// No code panics while it holds the lock, and if any did, the counts would still be right.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to run argon2 once, and the memory for it.
struct Pass<'a> {
    gate: &'a Gate,
    blocks: Vec<Block>,
}

impl Pass<'_> {
    /// Memory of `count` blocks, from the run before if there was one. What is left in it is overwritten unread, as
    /// argon2 reads no block before it has written it.
    fn blocks(&mut self, count: usize) -> Result<&mut [Block]> {
        if self.blocks.capacity() < count.max(RESERVED_BLOCKS) {
            self.blocks = Vec::new();
            self.blocks.try_reserve_exact(count.max(RESERVED_BLOCKS)).map_err(Error::internal)?;
        }
        self.blocks.resize(count, Block::new());
        Ok(&mut self.blocks)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let blocks = std::mem::take(&mut self.blocks);
        let mut state = self.gate.lock();
        if state.waiting > state.handed_over {
            state.handed_over += 1;
            state.spare.push(blocks);
            self.gate.handed_over.notify_one();
        } else {
            state.running -= 1;
            // Giving 19 MiB back takes a while: not under the lock.
            drop(state);
            drop(blocks);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use argon2::password_hash::phc::PasswordHash;
    use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

    use super::{NOBODY, Passwords, Verdict, check_new, common, is_common, today};
    use crate::model::name::{Password, Username};
    use crate::model::{Code, limits};

    fn password(text: &str) -> Password {
        Password::parse(text).unwrap()
    }

    #[test]
    fn alice_signs_in_with_her_password_and_no_other() {
        let passwords = Passwords::new();
        let stored = passwords.hash(&password("Zu\u{308}rich at noon")).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(passwords.verify(&password("Z\u{fc}rich at noon"), Some(&stored)).unwrap(), Verdict::Right);
        for wrong in ["", "Zurich at noon", "z\u{fc}rich at noon", "Z\u{fc}rich at noon "] {
            assert_eq!(passwords.verify(&password(wrong), Some(&stored)).unwrap(), Verdict::Wrong, "{wrong}");
        }
        assert_ne!(passwords.hash(&password("Z\u{fc}rich at noon")).unwrap(), stored, "the salt is new each time");
        // What we write is what any other argon2 reads.
        let read =
            Argon2::default().verify_password("Z\u{fc}rich at noon".as_bytes(), &PasswordHash::new(&stored).unwrap());
        assert!(read.is_ok());
    }

    #[test]
    fn nobody_has_no_password_and_costs_the_same() {
        let phc = PasswordHash::new(NOBODY).unwrap();
        assert_eq!(Params::try_from(&phc).unwrap(), today().unwrap());
        assert_eq!(phc.salt.unwrap().len(), super::SALT_BYTES);
        assert_eq!(
            Passwords::new().verify(&password("nobody has this password, ever.."), None).unwrap(),
            Verdict::Wrong
        );
    }

    #[test]
    fn an_outdated_hash_is_told() {
        let passwords = Passwords::new();
        for (version, params) in [
            (Version::V0x13, Params::new(8 * 1024, 2, 1, Some(32)).unwrap()),
            (Version::V0x13, Params::new(19 * 1024, 1, 1, Some(32)).unwrap()),
            (Version::V0x13, Params::new(40 * 1024, 1, 2, Some(32)).unwrap()),
            (Version::V0x13, Params::new(19 * 1024, 2, 1, Some(16)).unwrap()),
            (Version::V0x10, today().unwrap()),
        ] {
            let old = Argon2::new(Algorithm::Argon2id, version, params);
            let stored = old.hash_password_with_salt(b"correct horse", b"sixteen byte sal").unwrap().to_string();
            assert_eq!(
                passwords.verify(&password("correct horse"), Some(&stored)).unwrap(),
                Verdict::RightButOutdated,
                "{stored}"
            );
            assert_eq!(passwords.verify(&password("wrong horse"), Some(&stored)).unwrap(), Verdict::Wrong, "{stored}");
        }
    }

    #[test]
    fn a_stored_text_that_is_no_hash_of_ours_is_an_error() {
        let (salt, hash) = ("c2l4dGVlbiBieXRlIHNhbA", "bm9ib2R5IGhhcyB0aGlzIHBhc3N3b3JkLCBldmVyLi4");
        for stored in [
            String::new(),
            "correct horse".to_owned(),
            format!("$argon2id$v=19$m=19456,t=2,p=1${salt}"),
            format!("$argon2i$v=19$m=19456,t=2,p=1${salt}${hash}"),
            format!("$scrypt$ln=16,r=8,p=1${salt}${hash}"),
            format!("$argon2id$v=19$m=4194304,t=2,p=1${salt}${hash}"),
            format!("$argon2id$v=19$m=19456,t=4000000,p=1${salt}${hash}"),
        ] {
            let error = Passwords::new().verify(&password("correct horse"), Some(&stored)).unwrap_err();
            assert_eq!(error.code, Code::Internal, "{stored}");
        }
    }

    #[test]
    fn an_eighth_of_a_connections_stack_is_enough() {
        let small = std::thread::Builder::new().stack_size(limits::CONNECTION_STACK / 8);
        let run = || Passwords::new().verify(&password("x"), Some(&Passwords::new().hash(&password("x")).unwrap()));
        assert_eq!(small.spawn(run).unwrap().join().unwrap().unwrap(), Verdict::Right);
    }

    #[test]
    fn two_run_32_wait_and_the_rest_are_told_to_come_back() {
        let passwords = Passwords::new();
        let first: Vec<_> = (0..limits::HASHERS).map(|_| passwords.gate.enter().unwrap()).collect();
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            let waiters: Vec<_> = (0..limits::HASH_QUEUE)
                .map(|_| {
                    scope.spawn(|| {
                        let pass = passwords.gate.enter().unwrap();
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(pass);
                    })
                })
                .collect();
            while passwords.gate.lock().waiting < limits::HASH_QUEUE {
                std::thread::yield_now();
            }
            let refused = passwords.hash(&password("x")).unwrap_err();
            assert_eq!(refused.code, Code::RateLimited);
            assert!(refused.retry_after_s.unwrap() >= 1);
            drop(first);
            waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        });
        assert!(most.into_inner() <= limits::HASHERS);
        let state = passwords.gate.lock();
        assert_eq!((state.running, state.waiting, state.handed_over, state.spare.len()), (0, 0, 0, 0));
    }

    #[test]
    fn a_pass_goes_to_who_waits_and_not_to_who_comes_next() {
        let passwords = Passwords::new();
        let mut first: Vec<_> = (0..limits::HASHERS).map(|_| passwords.gate.enter().unwrap()).collect();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| drop(passwords.gate.enter().unwrap()));
            while passwords.gate.lock().waiting == 0 {
                std::thread::yield_now();
            }
            drop(first.pop());
            // Until the waiter took it, it is not free.
            let state = passwords.gate.lock();
            assert!(state.handed_over == state.waiting && (state.running == limits::HASHERS || state.waiting == 0));
            drop(state);
            waiter.join().unwrap();
        });
        drop(first);
        assert_eq!(passwords.gate.lock().running, 0);
    }

    #[test]
    fn a_panic_gives_the_pass_back() {
        let passwords = Passwords::new();
        for _ in 0..=limits::HASHERS {
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let _pass = passwords.gate.enter().unwrap();
                panic!("on purpose");
            }));
            assert!(panicked.is_err());
        }
        assert_eq!(passwords.gate.lock().running, 0);
    }

    /// Resident memory in KiB, as Linux tells it.
    fn resident_kib() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Alone in its process, as others' memory would count: `cargo test --lib -- --ignored memory_comes_back`.
    #[test]
    #[ignore = "measures the whole process"]
    fn memory_comes_back_after_200_sign_ins_at_once() {
        let (passwords, start) = (Passwords::new(), Barrier::new(200));
        let stored = passwords.hash(&password("correct horse")).unwrap();
        let (before, most, done) = (resident_kib(), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..200 {
                scope.spawn(|| {
                    start.wait();
                    // Again and again, so that each thread gets its turn and its arena its chance to keep something.
                    while passwords.verify(&password("wrong horse"), Some(&stored)).is_err() {
                        std::thread::yield_now();
                    }
                    done.fetch_add(1, Ordering::SeqCst);
                });
            }
            while done.load(Ordering::SeqCst) < 200 {
                most.fetch_max(resident_kib(), Ordering::SeqCst);
                std::thread::yield_now();
            }
        });
        for _ in 0..10 {
            passwords.verify(&password("wrong horse"), Some(&stored)).unwrap();
        }
        let (most, after) = (most.into_inner(), resident_kib());
        println!("resident before {before} KiB, most {most} KiB, after {after} KiB");
        assert!(most - before <= 60 * 1024);
        assert!(after <= before + 8 * 1024);
    }

    #[test]
    fn the_list_is_what_the_search_needs() {
        let lines: Vec<_> = common().collect();
        assert_eq!(lines.len(), 48_741);
        assert!(lines.iter().filter(|line| line.chars().count() >= limits::PASSWORD_MIN).count() >= 2_500);
        assert!(lines.windows(2).all(|pair| pair[0] < pair[1]), "sorted by bytes, no doubles");
        for line in &lines {
            assert_eq!(line.to_lowercase(), *line);
            assert_eq!(password(line).as_str(), line, "in NFC");
        }
        for line in lines.iter().step_by(997).chain(lines.last()) {
            assert!(is_common(line), "{line}");
            assert!(!is_common(&format!("{line}\u{1}")), "{line}");
        }
        for uncommon in ["", "\n", "!", "~~~~~~~~~~~~", "\u{10ffff}", "correct horse battery staple", "123456\n1234567"]
        {
            assert!(!is_common(uncommon), "{uncommon:?}");
        }
    }

    #[test]
    fn a_new_password_is_long_enough_not_the_username_and_not_common() {
        let alice = Username::parse("Alice.Liddell").unwrap();
        for (text, min, rule) in [
            ("short", 10, "must be at least 10 characters"),
            ("ééééééééé", 10, "must be at least 10 characters"),
            ("", 1, "must be at least 1 characters"),
            ("ALICE.liddell", 10, "must not be the username"),
            ("qwertyuiop", 10, "is one of the passwords"),
            ("PassWord123", 10, "is one of the passwords"),
            ("Dragon", 6, "is one of the passwords"),
        ] {
            let error = check_new(&password(text), &alice, min).unwrap_err();
            assert_eq!((error.code, error.field.as_deref()), (Code::InvalidField, Some("password")));
            assert!(error.detail.contains(rule), "{text}: {}", error.detail);
        }
        for good in ["éééééééééé", "correct horse battery", "alice.liddell.", "ᚠᚢᚦᚨᚱᚲ runes"] {
            assert!(check_new(&password(good), &alice, 10).is_ok(), "{good}");
        }
    }
}
