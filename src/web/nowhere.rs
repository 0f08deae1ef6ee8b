//! What a person sees who opens an address where nothing is; programs get a problem document.

use crate::net::{Method, Request};

/// Addresses that programs ask for.
const NO_PAGES: [&str; 3] = ["/api", "/assets", "/files"];

/// The page, if a browser is to show the answer: under `base`, the path of the public URL, the client begins.
pub(super) fn page(request: &Request, base: &str) -> Option<String> {
    let is_for_programs = |of: &str| {
        let rest = request.path.strip_prefix(of);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_asked = matches!(request.method, Method::Get | Method::Head)
        && first_words(request, "Accept").any(|kind| kind.eq_ignore_ascii_case("text/html"));
    if !is_asked || NO_PAGES.into_iter().any(is_for_programs) {
        return None;
    }
    let is_german = first_words(request, "Accept-Language").next().is_some_and(|tag| {
        let language = tag.split('-').next().unwrap_or_default();
        language.eq_ignore_ascii_case("de")
    });
    let (language, title, text, link) = if is_german {
        ("de", "Hier ist nichts", "Unter dieser Adresse gibt es keine Seite.", "Zum Chat")
    } else {
        ("en", "Nothing is here", "There is no page at this address.", "Go to the chat")
    };
    let home = super::escape(base);
    Some(format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n<p><a href=\"{home}/\">{link}</a></p>\n</html>\n"
    ))
}

/// The items of a field's list without their parameters.
fn first_words<'a>(request: &'a Request, name: &'static str) -> impl Iterator<Item = &'a str> {
    let items = request.header(name).unwrap_or_default().split(',');
    items.map(|item| item.split(';').next().unwrap_or_default().trim())
}
