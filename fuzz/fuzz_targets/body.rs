//! Bodies: any bytes taken for one, and any data sent as one.
#![no_main]

use std::io::Read;

use chatd::net::Body;
use chatd::net::head::Framing;
use libfuzzer_sys::fuzz_target;

/// What is read of a body, and what stands behind it; none if it is refused.
fn read(bytes: Vec<u8>, framing: Framing) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut body = Body::framed(bytes, framing);
    let mut read = Vec::new();
    let is_good = body.read_to_end(&mut read).is_ok();
    assert_eq!(body.is_done(), is_good);
    is_good.then(|| (read, body.into_rest()))
}

fuzz_target!(|input: (u16, &[u8])| {
    let (number, bytes) = input;
    if let Some((read, rest)) = read(bytes.to_vec(), Framing::Chunked) {
        // The shortest is `0`, CR LF, CR LF, and each chunk has a line more.
        assert!(read.len() + rest.len() + 5 <= bytes.len() && bytes.ends_with(&rest));
    }

    let length = usize::from(number);
    let expected = bytes.split_at_checked(length).map(|(body, rest)| (body.to_vec(), rest.to_vec()));
    assert_eq!(read(bytes.to_vec(), Framing::Length(length as u64)), expected);

    let mut chunked = Vec::new();
    for chunk in bytes.chunks(length.max(1)) {
        chunked.extend(format!("{:X};of=some\r\n", chunk.len()).bytes().chain(chunk.iter().copied()).chain(*b"\r\n"));
    }
    chunked.extend(b"0\r\nTrailer: x\r\n\r\nGET");
    assert_eq!(read(chunked, Framing::Chunked), Some((bytes.to_vec(), b"GET".to_vec())));
});
