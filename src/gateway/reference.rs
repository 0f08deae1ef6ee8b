//! The gateway's reference, generated from the op table.

use std::fmt::Write;

use super::ops::{CLOSES, From, OPS};

/// What the server reads of what is the clients' own.
const SETTINGS: &str = "<h2>Settings that the server reads</h2>\
    <p>The object of <code>/users/@me/settings</code> is the clients' own. Of these of its fields the server works out whom to \
    tell by push; what is of another type counts as not there.</p>\
    <dl><dt><code>levels: {ID: \"all\" | \"mentions\" | \"none\"}</code><dd>Of which messages of a server, of a channel where \
    that differs, or of all DMs (<code>@me</code>). Without: mentions in servers, all in DMs.\
    <dt><code>muted: {ID: milliseconds since 1970 | true}</code><dd>Until when one is told of nothing there.\
    <dt><code>quiet: {from: \"22:00\", to: \"07:00\", zone: \"Europe/Berlin\", offset_minutes: 60}</code><dd>Hours of the day in \
    which one is told of nothing. The zone's IANA name counts; where the server does not know it, how far the clock is before \
    UTC.<dt><code>push: {content: true | false}</code><dd>Whether a push says what was written, and by whom.</dl>";

/// The page served at `/help/gateway`.
pub fn page() -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>chatd gateway</title><h1>The gateway, /api/ws</h1>\
         <p>Frames are text: JSON <code>{\"op\": N, \"d\": …}</code>. Dispatched events also carry <code>\"s\"</code>, the \
         instance-wide sequence number. Objects are those of the <a href=\"../api/rest/openapi.json\">OpenAPI document</a>. \
         Ignore ops and fields you do not know.</p>\
         <h2>Ops</h2><table><tr><th>op<th>name<th>from<th>d<th>what</tr>",
    );
    for row in OPS {
        let from = match row.from {
            From::Server => "server",
            From::Client => "client",
            From::Both => "both",
        };
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "<tr><td>{}<td>{}<td>{from}<td><code>{}</code><td>{}</tr>",
            row.op, row.name, row.d, row.about
        );
    }
    page.push_str("</table><h2>Close codes</h2><table><tr><th>code<th>why</tr>");
    for close in CLOSES {
        let _ = write!(page, "<tr><td>{}<td>{}</tr>", close.code, close.reason);
    }
    page.push_str("</table>");
    page.push_str(SETTINGS);
    page.push_str("</html>");
    page
}
