//! The bodies of all requests of the REST API; the first byte says of which route.
#![no_main]

use std::sync::LazyLock;

use chatd::rest::route::Body;
use chatd::rest::routes::ROUTES;
use libfuzzer_sys::fuzz_target;

static BODIES: LazyLock<Vec<Body>> =
    LazyLock::new(|| ROUTES.iter().filter_map(|route| route.body).filter(|body| !body.is_raw).collect());

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let body = BODIES[usize::from(*first) % BODIES.len()];
    if let Err(error) = (body.check)(bytes) {
        assert_eq!(error.code.status(), 400, "{error}");
    }
});
