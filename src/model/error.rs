//! One error for the whole program: a stable code and a public text, or something internal that is only logged.

/// Result with the program's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! codes {
    ($($name:ident = $status:literal $text:literal: $meaning:literal;)*) => {
        /// Every stable error code of the API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $meaning] $name,)* }

        impl Code {
            /// All codes, by status.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The HTTP status that goes with the code.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The code as it stands in a problem document.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it means, in a sentence: the default `detail`, and the documentation.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    BadRequest = 400 "bad_request": "The request is not well-formed HTTP.";
    InvalidJson = 400 "invalid_json": "The body is not JSON, or not the JSON that belongs here.";
    InvalidField = 400 "invalid_field": "A field or query parameter has a wrong value; `errors` names it.";
    Unauthenticated = 401 "unauthenticated": "No access token, or one that is not valid or whose session has ended.";
    TokenExpired = 401 "token_expired": "The access token has expired: refresh it.";
    InvalidCredentials = 401 "invalid_credentials": "The username or the password is wrong.";
    Forbidden = 403 "forbidden": "You may not do this.";
    WrongPassword = 403 "wrong_password": "The current password is wrong.";
    RegistrationClosed = 403 "registration_closed": "Registration is not open to you: an invite or the set-up code is needed.";
    AccountDisabled = 403 "account_disabled": "This account was disabled by an administrator.";
    BadOrigin = 403 "bad_origin": "The request comes from a page of another origin.";
    Banned = 403 "banned": "You are banned from this server.";
    Blocked = 403 "blocked": "One of you has blocked the other.";
    NotFound = 404 "not_found": "It does not exist, or you may not see it.";
    MethodNotAllowed = 405 "method_not_allowed": "The path does not know this method; `Allow` lists those it knows.";
    RequestTimeout = 408 "request_timeout": "The request took too long to arrive.";
    QuotaExceeded = 409 "quota_exceeded": "Your files take as much room as they may: delete some first.";
    UsernameTaken = 409 "username_taken": "Somebody has this username already.";
    OwnerCannotLeave = 409 "owner_cannot_leave": "The owner cannot leave: hand the server over or delete it.";
    OwnsServers = 409 "owns_servers": "You own servers: hand them over or delete them first.";
    LastAdmin = 409 "last_admin": "Nobody else administrates this instance: make somebody an administrator first.";
    AccountClosed = 409 "account_closed": "The account was closed by its owner, which cannot be undone.";
    NonceUsed = 409 "nonce_used": "This nonce belongs to a message that was deleted since.";
    TooManyServers = 409 "too_many_servers": "You are in as many servers as one can be.";
    TooManyChannels = 409 "too_many_channels": "The server has as many channels as it can have.";
    TooManyRoles = 409 "too_many_roles": "The server has as many roles as it can have.";
    TooManyBlocks = 409 "too_many_blocks": "You block as many people as one can.";
    TooManyReactions = 409 "too_many_reactions": "The message has as many kinds of reaction as it can have.";
    TooManyPins = 409 "too_many_pins": "The channel has as many pinned messages as it can have.";
    TooManyInvites = 409 "too_many_invites": "The server has as many invites as it can have.";
    TooLarge = 413 "too_large": "The body is larger than this path takes.";
    TargetTooLong = 414 "target_too_long": "The request target is longer than 8 KiB.";
    UnsupportedMediaType = 415 "unsupported_media_type": "The body must be `application/json`.";
    RangeNotSatisfiable = 416 "range_not_satisfiable": "The file ends before the range that was asked for.";
    UpgradeRequired = 426 "upgrade_required": "This path speaks WebSocket, version 13.";
    RateLimited = 429 "rate_limited": "Too many requests: wait for `Retry-After` seconds.";
    HeadTooLarge = 431 "head_too_large": "The request head is over 16 KiB or 100 fields.";
    Internal = 500 "internal": "Something went wrong here; the log knows more.";
    NotImplemented = 501 "not_implemented": "The transfer coding is not known.";
    Unavailable = 503 "unavailable": "The server cannot write now: it is shutting down, or its disk is full, read-only or too slow.";
    VersionNotSupported = 505 "version_not_supported": "Only HTTP/1.0 and HTTP/1.1 are spoken here.";
}

impl Code {
    /// The reason phrase of the status (RFC 9110).
    pub const fn title(self) -> &'static str {
        match self.status() {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            409 => "Conflict",
            413 => "Content Too Large",
            414 => "URI Too Long",
            415 => "Unsupported Media Type",
            416 => "Range Not Satisfiable",
            426 => "Upgrade Required",
            429 => "Too Many Requests",
            431 => "Request Header Fields Too Large",
            501 => "Not Implemented",
            503 => "Service Unavailable",
            505 => "HTTP Version Not Supported",
            _ => "Internal Server Error",
        }
    }
}

/// What went wrong. Only `code`, `detail`, `field`, `retry_after_s` and `allow` are ever shown outside.
#[derive(Debug)]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// A sentence for whoever reads it.
    pub detail: String,
    /// The request field at fault, if one is.
    pub field: Option<String>,
    /// Seconds after which a retry makes sense (429, 503); at least 1.
    pub retry_after_s: Option<u64>,
    /// The methods for `Allow` (405).
    pub allow: Option<String>,
    /// The cause, for the log alone.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with the code's own sentence.
    pub fn new(code: Code) -> Self {
        Self::with_detail(code, code.meaning())
    }

    /// An error with its own sentence.
    pub fn with_detail(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), field: None, retry_after_s: None, allow: None, source: None }
    }

    /// 400 for one field: `rule` goes on after the field's name, as in "must be 2 to 32 characters".
    pub fn field(field: &str, rule: impl std::fmt::Display) -> Self {
        Self { field: Some(field.to_owned()), ..Self::with_detail(Code::InvalidField, format!("{field} {rule}")) }
    }

    /// 404: missing or hidden, nobody can tell which.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// 403.
    pub fn forbidden() -> Self {
        Self::new(Code::Forbidden)
    }

    /// 500 with a cause that only the log sees.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::new(Code::Internal) }
    }

    /// 503 with a cause that only the log sees.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), retry_after_s: Some(5), ..Self::new(Code::Unavailable) }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)?;
        match &self.source {
            Some(source) => write!(f, " ({source})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
