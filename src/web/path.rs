//! Which paths are the client's own pages.

/// The longest invite code that is looked at.
const CODE_BYTES_MAX: usize = 64;

/// Whether the client shows something at this path; the page is the same for all of them.
pub(super) fn is_page(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    let parts: Vec<_> = rest.split('/').collect();
    match parts.as_slice() {
        [""] | ["settings"] | ["admin"] => true,
        ["invite", code] => is_code(code),
        ["channels", "@me", ids @ ..] => matches!(ids.len(), 1 | 2) && ids.iter().all(|id| is_id(id)),
        ["channels", ids @ ..] => matches!(ids.len(), 2 | 3) && ids.iter().all(|id| is_id(id)),
        _ => false,
    }
}

/// The manual's page at this path, by its key: for everybody, in the language that there is. Another language will
/// stand behind its own name, as in `/help/de/owner`.
pub(super) fn manual(path: &str) -> Option<&'static str> {
    match path {
        "/help" => Some("help/en/people.html"),
        "/help/owner" => Some("help/en/owner.html"),
        _ => None,
    }
}

/// The service worker's key, if it stands at this path: beside the page, because it may only serve what is below itself.
pub(super) fn worker(path: &str) -> Option<&'static str> {
    (path == "/push-worker.js").then_some("push-worker.js")
}

/// The written form of an ID: a decimal 63-bit number without leading zeros.
fn is_id(text: &str) -> bool {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    canonical && text.parse::<i64>().is_ok()
}

fn is_code(text: &str) -> bool {
    (1..=CODE_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::is_page;

    #[test]
    fn the_clients_paths_serve_the_page() {
        for path in [
            "/",
            "/settings",
            "/admin",
            "/invite/abCD23_-",
            "/channels/@me/7",
            "/channels/@me/7/8",
            "/channels/6/7",
            "/channels/6/7/9223372036854775807",
        ] {
            assert!(is_page(path), "{path}");
        }
    }

    #[test]
    fn all_else_is_unknown() {
        for path in [
            "",
            "//",
            "/settings/",
            "/help",
            "/help/gateway",
            "/index.html",
            "/invite/",
            "/invite/a/b",
            "/invite/a%2Fb",
            "/channels",
            "/channels/",
            "/channels/@me",
            "/channels/@me/",
            "/channels/@me/x",
            "/channels/@me/1/2/3",
            "/channels/6",
            "/channels/6/7/",
            "/channels/6/07",
            "/channels/6/9223372036854775808",
            "/channels/6/+7",
            "/channels/6/7/8/9",
            "/channels/@you/7",
            "/api/rest",
            "/../etc/passwd",
        ] {
            assert!(!is_page(path), "{path}");
        }
        assert!(!is_page(&format!("/invite/{}", "a".repeat(65))));
    }
}
