//! The README does what it says, and the pages for developers name what exists.

#[cfg(test)]
mod clients;
#[cfg(test)]
mod first_screen;
#[cfg(test)]
mod paths;
