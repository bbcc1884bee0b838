//! The programs for Node.

use super::framework::Project;

pub(super) const EXPRESS: Project = Project {
    port: "3000",
    files: &[("server.mjs", include_str!("../../../templates/node/express_server.mjs"))],
    placeholders: &[],
    commands: &["npm install wiresign express", "node --env-file=.env server.mjs"],
};
