//! Names of commands: values of `db.operation.name`.

use redis::{Arg, Cmd, Pipeline};
use tracing_core_lite::layer_support::StackText;

/// The longest name of a command, in bytes. The longest one of redis has 20.
const MAX_NAME: usize = 32;

/// The name of a command in capitals, or `_OTHER` if it is not a name.
pub(crate) struct CommandName(StackText<MAX_NAME>);

impl CommandName {
    pub(crate) fn of(command: &Cmd) -> Self {
        let mut text = StackText::new();
        let Some(Arg::Simple(name)) = command.args_iter().next() else {
            text.push("_OTHER");
            return Self(text);
        };
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if name.is_empty() || name.len() > MAX_NAME || !name.iter().all(is_name) {
            text.push("_OTHER");
            return Self(text);
        }
        let mut capitals = [0; MAX_NAME];
        let capitals = &mut capitals[..name.len()];
        capitals.copy_from_slice(name);
        capitals.make_ascii_uppercase();
        text.push(std::str::from_utf8(capitals).unwrap_or_default());
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Returns whether nil is a miss of the command `name`.
pub(crate) fn is_lookup(name: &str) -> bool {
    matches!(name, "GET" | "GETEX" | "GETDEL" | "HGET")
}

/// Returns the `db.operation.name` of a pipeline (semantic conventions v1.44.0, redis spans).
pub(crate) fn pipeline_name(pipeline: &Pipeline) -> StackText<48> {
    let mut text = StackText::new();
    text.push(if pipeline.is_transaction() { "MULTI" } else { "PIPELINE" });
    let mut commands = pipeline.cmd_iter().map(CommandName::of);
    if let Some(first) = commands.next()
        && commands.all(|other| other.as_str() == first.as_str())
    {
        text.push(" ").push(first.as_str());
    }
    text
}

#[cfg(test)]
mod tests {
    use redis::{cmd, pipe};

    use super::*;

    #[test]
    fn names() {
        for (given, expected) in
            [("get", "GET"), ("FT.SEARCH", "FT.SEARCH"), ("", "_OTHER"), ("a b", "_OTHER")]
        {
            assert_eq!(CommandName::of(&cmd(given)).as_str(), expected);
        }
        assert_eq!(CommandName::of(&cmd(&"X".repeat(33))).as_str(), "_OTHER");
    }

    #[test]
    fn pipelines() {
        let mut same = pipe();
        same.get("a").get("b");
        let mut mixed = pipe();
        mixed.atomic().set("a", 1).get("b");
        assert_eq!(pipeline_name(&same).as_str(), "PIPELINE GET");
        assert_eq!(pipeline_name(&mixed).as_str(), "MULTI");
    }
}
