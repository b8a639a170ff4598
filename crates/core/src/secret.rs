//! A value that can't be printed and is wiped when dropped.

use std::fmt;

use zeroize::Zeroize;

/// A code, a key or an address: readable through [`Secret::expose`] only.
#[derive(Clone, Default)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Guards a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. The caller answers for where it goes.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<secret>")
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_printed_as_one() {
        assert_eq!(format!("{:?}", Secret::new("483920".to_owned())), "<secret>");
        assert_eq!(format!("{:#?}", Some(Secret::new(vec![4_u8, 8]))), "Some(\n    <secret>,\n)");
    }
}
