use std::fs::File;
use std::io::{Cursor, Read, Seek, Write};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use super::super::kind::Kind;
use super::{Found, clean, exif, is_damaged};

/// What nobody may learn from a picture.
const SECRET: &[u8] = b"52.5163N 13.3777E";
const KINDS: [(Kind, ImageFormat); 4] = [
    (Kind::Png, ImageFormat::Png),
    (Kind::Jpeg, ImageFormat::Jpeg),
    (Kind::Gif, ImageFormat::Gif),
    (Kind::WebP, ImageFormat::WebP),
];

fn drawing(width: u32, height: u32) -> DynamicImage {
    let color = |x: u32, y: u32| Rgb([(x * 7) as u8, (y * 11) as u8, (x ^ y) as u8]);
    RgbImage::from_fn(width, height, color).into()
}

fn encoded(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    drawing(width, height).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

/// EXIF of this orientation that goes on to tell a secret.
fn telling_exif(orientation: u8) -> Vec<u8> {
    [&exif::minimal(orientation)[..], SECRET].concat()
}

fn png_chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    // Nobody checks the sums of chunks that are left out.
    [&(data.len() as u32).to_be_bytes()[..], name, data, &[0; 4]].concat()
}

fn jpeg_segment(code: u8, payload: &[u8]) -> Vec<u8> {
    [&[0xff, code][..], &(payload.len() as u16 + 2).to_be_bytes(), payload].concat()
}

fn webp_chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let padding = vec![0; data.len() % 2];
    [&name[..], &(data.len() as u32).to_le_bytes(), data, &padding].concat()
}

/// A picture of 30 × 20 that tells the secret in every way that its format knows, and behind its end.
fn telling(kind: Kind, format: ImageFormat, orientation: u8) -> Vec<u8> {
    let plain = encoded(format, 30, 20);
    let told = match kind {
        Kind::Png => {
            // Behind the signature and IHDR.
            let (start, rest) = plain.split_at(8 + 25);
            let text = png_chunk(b"tEXt", &[b"Comment\0", SECRET].concat());
            let own = png_chunk(b"prVt", SECRET);
            [start, &text, &own, &png_chunk(b"eXIf", &telling_exif(orientation)), rest].concat()
        }
        Kind::Jpeg => {
            let (start, rest) = plain.split_at(2);
            let exif = jpeg_segment(0xe1, &[b"Exif\0\0", &telling_exif(orientation)[..]].concat());
            let xmp = jpeg_segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", SECRET].concat());
            let maker = jpeg_segment(0xe7, SECRET);
            let thumbnail = jpeg_segment(0xe0, &[b"JFIF\0\x01\x02\0\0\x01\0\x01\x04\x04", SECRET].concat());
            [start, &thumbnail, &exif, &xmp, &maker, &jpeg_segment(0xfe, SECRET), rest].concat()
        }
        Kind::Gif => {
            let (rest, end) = plain.split_at(plain.len() - 1);
            let length = [SECRET.len() as u8];
            let comment = [b"!\xfe", &length[..], SECRET, b"\0"].concat();
            let xmp = [b"!\xff\x0bXMP DataXMP", &length[..], SECRET, b"\0"].concat();
            [rest, &comment, &xmp, end].concat()
        }
        Kind::WebP => {
            let (_, pixels) = plain.split_at(12);
            let flags = webp_chunk(b"VP8X", &[0x0c, 0, 0, 0, 29, 0, 0, 19, 0, 0]);
            let exif = webp_chunk(b"EXIF", &telling_exif(orientation));
            let chunks = [&flags, pixels, &exif, &webp_chunk(b"XMP ", SECRET), &webp_chunk(b"abcd", SECRET)].concat();
            [b"RIFF", &(chunks.len() as u32 + 4).to_le_bytes()[..], b"WEBP", &chunks].concat()
        }
        Kind::Avif => unreachable!("not rewritten"),
    };
    [&told, SECRET].concat()
}

/// What is left of a picture, and what was found in it.
fn cleaned(kind: Kind, bytes: &[u8]) -> std::io::Result<(Vec<u8>, Found)> {
    let mut input = tempfile::tempfile()?;
    input.write_all(bytes)?;
    input.rewind()?;
    let output = tempfile::tempfile()?;
    let found = clean(kind, &input, Some(&output))?;
    Ok((read(output), found))
}

fn read(mut file: File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

fn tells(bytes: &[u8]) -> bool {
    bytes.windows(SECRET.len()).any(|window| window == SECRET)
}

#[test]
fn a_picture_tells_nothing_but_itself() {
    for (kind, format) in KINDS {
        let telling = telling(kind, format, 1);
        assert!(tells(&telling));
        let (bytes, found) = cleaned(kind, &telling).unwrap();
        assert!(!tells(&bytes), "{kind:?}");
        assert_eq!(found, Found { width: 30, height: 20, orientation: 1, metadata: false }, "{kind:?}");
        let shown = image::load_from_memory_with_format(&bytes, format).unwrap();
        let before = image::load_from_memory_with_format(&encoded(format, 30, 20), format).unwrap();
        assert_eq!(shown.to_rgb8(), before.to_rgb8(), "{kind:?}");
        // What is clean stays as it is.
        assert_eq!(cleaned(kind, &bytes).unwrap().0, bytes, "{kind:?}");
    }
}

#[test]
fn the_way_up_is_kept() {
    for (kind, format) in KINDS.into_iter().filter(|(kind, _)| *kind != Kind::Gif) {
        let (bytes, found) = cleaned(kind, &telling(kind, format, 6)).unwrap();
        assert_eq!(found, Found { width: 20, height: 30, orientation: 6, metadata: false }, "{kind:?}");
        assert!(!tells(&bytes), "{kind:?}");
        let tiff = exif::minimal(6);
        assert!(bytes.windows(tiff.len()).any(|window| window == tiff), "{kind:?}");
        image::load_from_memory_with_format(&bytes, format).unwrap();
        assert_eq!(cleaned(kind, &bytes).unwrap().1.orientation, 6);
    }
}

#[test]
fn pictures_that_break_off_tell_nothing_either() {
    for (kind, format) in KINDS {
        let telling = telling(kind, format, 6);
        for cut in 0..telling.len() {
            match cleaned(kind, &telling[..cut]) {
                Ok((bytes, _)) => assert!(!tells(&bytes), "{kind:?} cut at {cut}"),
                Err(error) => assert!(is_damaged(&error), "{kind:?} cut at {cut}: {error}"),
            }
        }
    }
}

#[test]
fn no_byte_makes_it_fall_over() {
    for (kind, format) in KINDS {
        let telling = telling(kind, format, 6);
        for at in 0..telling.len().min(400) {
            for value in [0x00, 0x01, 0x7f, 0x80, 0xff] {
                let mut bytes = telling.clone();
                bytes[at] = value;
                if let Err(error) = cleaned(kind, &bytes) {
                    assert!(is_damaged(&error), "{kind:?}, {value:#x} at {at}: {error}");
                }
            }
        }
    }
}

/// An AVIF file of boxes, as far as it is looked into.
fn avif(boxes: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let boxes = boxes.iter().map(|(name, data)| [&(data.len() as u32 + 8).to_be_bytes()[..], *name, data].concat());
    boxes.flatten().collect()
}

#[test]
fn avif_is_looked_at() {
    let size = b"\0\0\0\x14ispe\0\0\0\0\0\0\0\x28\0\0\0\x1e";
    let look = |bytes: &[u8]| {
        let mut input = tempfile::tempfile().unwrap();
        input.write_all(bytes).unwrap();
        input.rewind().unwrap();
        clean(Kind::Avif, &input, None)
    };
    let plain = avif(&[(b"ftyp", b"avif\0\0\0\0"), (b"meta", size), (b"mdat", b"Exif is no word here")]);
    assert_eq!(look(&plain).unwrap(), Found { width: 40, height: 30, orientation: 1, metadata: false });
    let told = avif(&[(b"ftyp", b"avif\0\0\0\0"), (b"meta", &[&size[..], b"infeExif"].concat()), (b"mdat", SECRET)]);
    assert!(look(&told).unwrap().metadata);
    let own = avif(&[(b"ftyp", b"avif\0\0\0\0"), (b"meta", size), (b"uuid", SECRET)]);
    assert!(look(&own).unwrap().metadata);
    let trailing = [plain.clone(), SECRET.to_vec()].concat();
    assert!(look(&trailing).unwrap().metadata);
    for cut in 0..plain.len() {
        if let Err(error) = look(&plain[..cut]) {
            assert!(is_damaged(&error), "cut at {cut}: {error}");
        }
    }
}
