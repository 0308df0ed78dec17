//! Users, tokens, and who is asking. No password, no digest, and of tokens only the one just made.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use razz_access::grant::{self, Grant, Who};
use razz_access::{ApiToken, User};

/// Who is asking: `GET /api/me`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Me.ts")]
pub struct Me {
    /// Whether clients sign in here at all.
    pub access: bool,
    /// Whether there is no admin yet.
    pub set_up: bool,
    /// How the server knows; null while it does not.
    pub way: Option<KnownBy>,
    /// The user's name, if it is a user.
    pub name: Option<String>,
    /// What they may do; null where they may watch and no more.
    pub role: Option<Role>,
    /// The cameras in sight; null: all.
    pub cameras: Option<BTreeSet<u32>>,
}

/// How the server knows who is asking.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "KnownBy.ts")]
pub enum KnownBy {
    /// It does not ask: access control is off.
    Off,
    /// A sign-in.
    Session,
    /// A proxy's word.
    Proxy,
    /// An API token or a view token.
    Token,
    /// They are in an open network.
    Network,
}

impl Me {
    /// Of who holds `grant`.
    pub fn new(access: bool, set_up: bool, grant: Option<&Grant>) -> Self {
        use razz_access::grant::Rank;
        let way = grant.map(|grant| match grant.who {
            Who::Anybody => KnownBy::Off,
            Who::SignedIn(..) => KnownBy::Session,
            Who::Proxied(_) => KnownBy::Proxy,
            Who::Token(_) | Who::Embedded(..) => KnownBy::Token,
            Who::Neighbour(_) => KnownBy::Network,
        });
        let role = grant.and_then(|grant| match grant.rank {
            Rank::Admin => Some(Role::Admin),
            Rank::Viewer => Some(Role::Viewer),
            Rank::Live => Some(Role::Live),
            Rank::Embedded | Rank::Guest => None,
        });
        Self {
            access,
            set_up,
            way,
            name: grant.and_then(|grant| grant.who.user()).map(str::to_owned),
            role,
            cameras: grant.and_then(|grant| grant.scope.0.clone()),
        }
    }
}

/// What a user or an API token may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "Role.ts")]
pub enum Role {
    /// Everything.
    Admin,
    /// Watch, and look into the past.
    Viewer,
    /// Watch what happens now, and nothing of what was.
    Live,
}

impl From<grant::Role> for Role {
    fn from(role: grant::Role) -> Self {
        match role {
            grant::Role::Admin => Self::Admin,
            grant::Role::Viewer => Self::Viewer,
            grant::Role::Live => Self::Live,
        }
    }
}

impl From<Role> for grant::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Viewer => Self::Viewer,
            Role::Live => Self::Live,
        }
    }
}

/// A user, as admins see them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "UserInfo.ts")]
pub struct UserInfo {
    /// How they sign in.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The cameras in sight; null: all.
    pub cameras: Option<BTreeSet<u32>>,
    /// Whether they have a password; without one they come through a trusted proxy only.
    pub password: bool,
}

impl From<User> for UserInfo {
    fn from(user: User) -> Self {
        let password = user.has_password();
        Self { name: user.name, role: user.role.into(), cameras: user.cameras.0, password }
    }
}

/// An API token, as admins see it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "TokenInfo.ts")]
pub struct TokenInfo {
    /// Names it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The cameras in sight; null: all.
    pub cameras: Option<BTreeSet<u32>>,
    /// When it ends, in UNIX seconds; null: never.
    pub expires: Option<i64>,
    /// What it reads: in the answer that made it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(with = "String")]
    pub token: Option<String>,
}

impl From<ApiToken> for TokenInfo {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            role: token.role.into(),
            cameras: token.cameras.0,
            expires: token.expires,
            token: None,
        }
    }
}

/// A view token: `POST /api/view-tokens`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "ViewToken.ts")]
pub struct ViewToken {
    /// For `<razz-player token="…">` and `?token=…`.
    pub token: String,
    /// The cameras it shows.
    pub cameras: BTreeSet<u32>,
    /// Watching may begin before this, in UNIX seconds.
    pub expires: i64,
    /// Where the RTSPtoWebRTC endpoints are, which pages of any site may show; null: they are off.
    pub compat: Option<CompatPort>,
}

/// Where the RTSPtoWebRTC endpoints are, on the host that serves the app.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "CompatPort.ts")]
pub struct CompatPort {
    /// The TCP port.
    pub port: u16,
    /// Whether it speaks TLS.
    pub tls: bool,
}
