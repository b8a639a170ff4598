//! How long the texts of a request may be: what `wit/otp.wit` promises, and what descriptions of a surface repeat.

/// The longest tenant or purpose.
pub const MAX_NAME_BYTES: usize = 64;

/// The longest reference.
pub const MAX_REFERENCE_BYTES: usize = 256;

/// The longest locale.
pub const MAX_LOCALE_BYTES: usize = 35;

/// The longest code as typed or pasted, with all that is ignored in it.
pub const MAX_TYPED_BYTES: usize = 256;

/// The longest client address, with brackets and a port.
pub const MAX_CLIENT_IP_BYTES: usize = 128;
