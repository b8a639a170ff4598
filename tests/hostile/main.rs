//! What is done to the real binary by those who mean it harm, and by machines that fail around it.
#![cfg(test)]

mod log;

const RULES: &str = "[purposes.login]\nchannels = [\"sms\"]\n";
