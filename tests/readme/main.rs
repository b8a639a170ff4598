//! The README does what it says.

#[cfg(test)]
mod first_screen;
