//! The gateway's reference, generated from the op table.

use std::fmt::Write;

use super::ops::{CLOSES, From, OPS};

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
    page.push_str("</table></html>");
    page
}
