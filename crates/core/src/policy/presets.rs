//! The presets: what the fields of a policy are where the operator wrote nothing else.

use countersign_contract::settings::Preset;

/// The defaults that differ between presets.
pub(super) struct Defaults {
    pub(super) lifetime_seconds: u32,
    pub(super) max_attempts: u32,
    pub(super) lockout_seconds: u32,
    pub(super) lockout_max_seconds: u32,
    pub(super) failure_cap: u32,
    pub(super) cooldown_seconds: u32,
    pub(super) cooldown_max_seconds: u32,
    pub(super) max_resends: u32,
    pub(super) remember_device_seconds: u32,
}

const DAY: u32 = 86_400;

impl Defaults {
    pub(super) const fn of(preset: Preset) -> Self {
        match preset {
            Preset::Default => Self {
                lifetime_seconds: 300,
                max_attempts: 3,
                lockout_seconds: 900,
                lockout_max_seconds: 3_600,
                failure_cap: 100,
                cooldown_seconds: 60,
                cooldown_max_seconds: 900,
                max_resends: 3,
                remember_device_seconds: 30 * DAY,
            },
            Preset::Lenient => Self {
                lifetime_seconds: 600,
                max_attempts: 5,
                lockout_seconds: 300,
                lockout_max_seconds: 900,
                failure_cap: 100,
                cooldown_seconds: 30,
                cooldown_max_seconds: 300,
                max_resends: 5,
                remember_device_seconds: 90 * DAY,
            },
            Preset::Strict => Self {
                lifetime_seconds: 180,
                max_attempts: 3,
                lockout_seconds: 3_600,
                lockout_max_seconds: DAY,
                failure_cap: 30,
                cooldown_seconds: 60,
                cooldown_max_seconds: 3_600,
                max_resends: 2,
                remember_device_seconds: 7 * DAY,
            },
        }
    }
}
