//! What is told as it happens.

use schemars::JsonSchema;
use serde::Serialize;
use ts_rs::TS;

use super::alert::AlertInfo;
use super::fact::{AreaNow, FactRow};

/// What `/ws/facts` sends.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[ts(export_to = "FactMessage.ts")]
pub enum FactMessage {
    /// Areas are so now: all of them first, later those that have changed.
    Now {
        /// They.
        areas: Vec<AreaNow>,
    },
    /// A crossing or visit, as it happens.
    Fact {
        /// It.
        fact: FactRow,
        /// It turned out to be wrong.
        retracted: bool,
    },
    /// What became of an alert.
    Alert {
        /// It.
        alert: AlertInfo,
    },
}
