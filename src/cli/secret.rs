//! Passwords: asked for at a terminal, without being shown, or read from standard input.

use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::model::limits;

/// A password's bytes, at most: characters have up to four.
const BYTES: usize = limits::PASSWORD_MAX * 4;

/// A new password for somebody. At a terminal it is asked for twice, as nobody sees what they type.
///
/// # Errors
/// If there is none, or the terminal fails.
pub(super) fn new_password(name: &str) -> io::Result<String> {
    if !io::stdin().is_terminal() {
        return line();
    }
    let password = ask(&format!("New password for {name}: "))?;
    if ask("Again: ")? != password {
        return Err(io::Error::new(ErrorKind::InvalidInput, "the two are not the same"));
    }
    Ok(password)
}

/// The first line of standard input.
fn line() -> io::Result<String> {
    let mut line = Vec::new();
    io::stdin().lock().take(BYTES as u64 + 2).read_until(b'\n', &mut line)?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    text(line.strip_suffix(b"\r").unwrap_or(line))
}

fn text(bytes: &[u8]) -> io::Result<String> {
    if bytes.is_empty() {
        return Err(io::Error::new(ErrorKind::UnexpectedEof, "it is empty"));
    }
    if bytes.len() > BYTES {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is too long"));
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
}

/// A terminal that shows nothing of what is typed, and hands on each key: also that which would end the program, and
/// leave it so. It is put back when this is dropped.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes &= !(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
        eprintln!();
    }
}

fn ask(question: &str) -> io::Result<String> {
    eprint!("{question}");
    io::stderr().flush()?;
    let hidden = Hidden::begin()?;
    let typed = typed(io::stdin().lock());
    drop(hidden);
    text(&typed?)
}

/// What is typed up to Enter.
fn typed(keys: impl Read) -> io::Result<Vec<u8>> {
    let mut typed: Vec<u8> = Vec::new();
    for key in keys.bytes() {
        match key? {
            b'\r' | b'\n' | 0x04 => return Ok(typed),
            // Ctrl+C, and what else would have ended it.
            0x03 | 0x1c | 0x1a => return Err(ErrorKind::Interrupted.into()),
            // Backspace takes a whole character, Ctrl+U all.
            0x7f | 0x08 => while typed.pop().is_some_and(|byte| (0x80..0xc0).contains(&byte)) {},
            0x15 => typed.clear(),
            byte if typed.len() <= BYTES => typed.push(byte),
            _ => {}
        }
    }
    Ok(typed)
}

#[cfg(test)]
mod tests {
    use super::{BYTES, text, typed};

    #[test]
    fn keys_become_a_password() {
        let of = |keys: &[u8]| typed(keys).ok().and_then(|typed| text(&typed).ok());
        assert_eq!(of("Zürich\rmore".as_bytes()).as_deref(), Some("Zürich"));
        assert_eq!(of("Zü\u{7f}\u{7f}€\u{7f}ab\n".as_bytes()).as_deref(), Some("ab"));
        assert_eq!(of(b"wrong\x15right\n").as_deref(), Some("right"));
        assert_eq!(of(b"\x7f\x7fa\n").as_deref(), Some("a"));
        for none in [&b"\n"[..], b"", b"abc\x03\n", b"\xff\n", &[b'x'; BYTES + 9]] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }
}
