//! How much work a run does: full, quick, or a smoke test that only proves that every cell runs.

use serde::{Deserialize, Serialize};

/// The three sizes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scale {
    /// Figures to be quoted.
    Full,
    /// Under a minute for the whole program; figures for orientation.
    Quick,
    /// A few operations per cell, no figures.
    Smoke,
}

impl Scale {
    /// The value for this scale.
    #[must_use]
    pub fn pick(self, full: u64, quick: u64, smoke: u64) -> u64 {
        match self {
            Self::Full => full,
            Self::Quick => quick,
            Self::Smoke => smoke,
        }
    }
}
