//! People who mean harm, where no other story has them: floods of sign-ins, pages of other sites, what the log and the
//! files on the disk give away, what every answer forbids a browser, and what the process asks of the system.

mod calls;
mod folder;
mod headers;
mod log;
mod origins;
mod sign_in;
