//! Who asks, and which cameras they may see.

use std::collections::BTreeSet;
use std::net::IpAddr;

use razz_base::CameraId;
use serde::{Deserialize, Serialize};

/// What a user or an API token may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Admin,
    /// Watch, and look into the past.
    Viewer,
    /// Watch what happens now, and nothing of what was.
    Live,
}

/// The cameras that someone sees: all of them, those to come included, or the listed ones.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(pub Option<BTreeSet<u32>>);

impl Scope {
    /// Every camera.
    pub const ALL: Self = Self(None);

    /// Whether `camera` is among them.
    pub fn sees(&self, camera: CameraId) -> bool {
        self.0.as_ref().is_none_or(|listed| listed.contains(&camera.as_u32()))
    }

    /// Whether it is all of them.
    pub fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// Whether every camera of `other` is among them.
    pub fn includes(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(others)) => others.is_subset(mine),
        }
    }
}

/// How far someone's rights go; each has those of the ones above it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Rank {
    /// One stream in a page of someone else's.
    Embedded,
    /// Watches without an account.
    Guest,
    /// Has an account, or a token of one, and watches what happens now.
    Live,
    /// Besides, looks into the past.
    Viewer,
    /// Changes settings and users.
    Admin,
}

impl From<Role> for Rank {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Viewer => Self::Viewer,
            Role::Live => Self::Live,
        }
    }
}

/// An account: who signed in, or on whose behalf a view token was made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Account {
    /// A user, by name.
    #[serde(rename = "u")]
    User(String),
    /// An API token, by its id.
    #[serde(rename = "t")]
    Token(String),
}

/// On whose word a view token stands: an account as it was when the token was made. With short names,
/// since it stands in the token.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Voucher {
    /// Whose account.
    #[serde(rename = "b")]
    pub account: Account,
    /// Which of the accounts that have had this name, and under which of its passwords. Empty in tokens
    /// of an older razz, and for API tokens, whose ids are never used again.
    #[serde(rename = "g", default, skip_serializing_if = "String::is_empty")]
    pub generation: String,
    /// Under which sign-in it was made, by the beginning of its digest; `None`: under none.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<String>,
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// Access control is off, so nobody is asked.
    Anybody,
    /// A user with a sign-in, named by the digest of its cookie.
    SignedIn(String, String),
    /// A user whom a trusted proxy vouches for.
    Proxied(String),
    /// The holder of an API token, by the token's id.
    Token(String),
    /// The holder of a view token, and on whose word it stands; the text is the token's signature.
    Embedded(Voucher, String),
    /// A client in one of the open networks.
    Neighbour(IpAddr),
}

impl Who {
    /// Whether both are the same, so that one may end what the other began: a user is one whether a
    /// cookie or a proxy says so.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self.user(), other.user()) {
            (Some(one), Some(two)) => one == two,
            _ => self == other,
        }
    }

    /// The user's name, if it is one.
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::SignedIn(name, _) | Self::Proxied(name) => Some(name),
            Self::Anybody | Self::Token(_) | Self::Embedded(..) | Self::Neighbour(_) => None,
        }
    }

    /// What is noted of who has done something: the name of a user, or a token's id; `None` where nobody had to say.
    pub fn noted(&self) -> Option<String> {
        match self {
            Self::Token(id) => Some(format!("token {id}")),
            who => who.user().map(str::to_owned),
        }
    }

    /// The account, if there is one.
    pub fn account(&self) -> Option<Account> {
        match self {
            Self::SignedIn(name, _) | Self::Proxied(name) => Some(Account::User(name.clone())),
            Self::Token(id) => Some(Account::Token(id.clone())),
            Self::Anybody | Self::Embedded(..) | Self::Neighbour(_) => None,
        }
    }

    /// Whether a browser proves it by itself, without the page having a hand in it: what another
    /// site's page could make use of (cross-site request forgery).
    pub fn is_ambient(&self) -> bool {
        matches!(self, Self::SignedIn(..) | Self::Proxied(_))
    }

    /// Whether nothing was shown to prove it: where a browser is says it all, whatever page it shows.
    pub fn is_unproven(&self) -> bool {
        matches!(self, Self::Anybody | Self::Neighbour(_))
    }
}

/// Who asks, and how far they may go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Who.
    pub who: Who,
    /// How far.
    pub rank: Rank,
    /// Which cameras.
    pub scope: Scope,
}

impl Grant {
    /// Everything, for everybody: access control is off.
    pub const ANYBODY: Self = Self { who: Who::Anybody, rank: Rank::Admin, scope: Scope::ALL };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(ids: &[u32]) -> Scope {
        Scope(Some(ids.iter().copied().collect()))
    }

    #[test]
    fn a_scope_sees_what_it_lists() {
        let camera = |id| CameraId::new(id).unwrap();
        for (scope, sees) in [(Scope::ALL, true), (only(&[1, 2]), true), (only(&[2]), false)] {
            assert_eq!(scope.sees(camera(1)), sees, "{scope:?}");
        }
        assert!(!only(&[]).sees(camera(1)));
        for (wide, narrow, includes) in [
            (Scope::ALL, Scope::ALL, true),
            (Scope::ALL, only(&[1]), true),
            (only(&[1]), Scope::ALL, false),
            (only(&[1, 2]), only(&[1]), true),
            (only(&[1]), only(&[1, 2]), false),
            (only(&[1]), only(&[]), true),
        ] {
            assert_eq!(wide.includes(&narrow), includes, "{wide:?} {narrow:?}");
        }
    }

    #[test]
    fn a_user_is_the_same_however_it_is_proven() {
        let signed = |name: &str, digest: &str| Who::SignedIn(name.to_owned(), digest.to_owned());
        let token = |id: &str| Who::Token(id.to_owned());
        for (one, two, same) in [
            (signed("ann", "x"), signed("ann", "y"), true),
            (signed("ann", "x"), Who::Proxied("ann".to_owned()), true),
            (signed("ann", "x"), signed("bob", "x"), false),
            (token("1"), token("1"), true),
            (token("1"), token("2"), false),
            (token("ann"), signed("ann", "x"), false),
        ] {
            assert_eq!(one.is_same(&two), same, "{one:?} {two:?}");
        }
    }
}
