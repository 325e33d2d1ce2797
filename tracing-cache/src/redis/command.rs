//! Names and texts of commands.

use ::redis::{Arg, Cmd, Pipeline};

use tracing_core_lite::layer_support::StackText;

/// Longest name of a command, in bytes: of those of redis, none has more than 20.
const LONGEST_NAME: usize = 32;

/// Longest text of a command or pipeline, in bytes.
const LONGEST_TEXT: usize = 512;

/// Arguments of one command that are shown, hidden or not.
const MOST_ARGUMENTS: usize = 16;

/// Longest argument that is shown, in bytes.
const LONGEST_ARGUMENT: usize = 64;

/// How much of a command `db.query.text` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CommandText {
    /// `db.query.text` is not recorded.
    Hidden,
    /// The command, and `?` for each argument: `SET ? ?`.
    #[default]
    Redacted,
    /// As [`Redacted`](CommandText::Redacted), but the key of commands that have it as their first argument is shown:
    /// `SET price:4711 ?`. Readable for everybody who sees the traces.
    Keys,
}

/// The name of a command, in capitals; `_OTHER` for what cannot be one.
pub(super) struct Name(StackText<LONGEST_NAME>);

impl Name {
    pub(super) fn of(command: &Cmd) -> Self {
        let mut text = StackText::new();
        let Some(Arg::Simple(name)) = command.args_iter().next() else {
            text.push("_OTHER");
            return Self(text);
        };
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if name.is_empty() || name.len() > LONGEST_NAME || !name.iter().all(is_name) {
            text.push("_OTHER");
            return Self(text);
        }
        let mut capitals = [0; LONGEST_NAME];
        let capitals = &mut capitals[..name.len()];
        capitals.copy_from_slice(name);
        capitals.make_ascii_uppercase();
        text.push(std::str::from_utf8(capitals).unwrap_or_default());
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Whether nil is a miss of the command `name`.
pub(super) fn is_look_up(name: &str) -> bool {
    matches!(name, "GET" | "GETEX" | "GETDEL" | "HGET")
}

/// What `db.operation.name` says of a pipeline (semantic conventions for Redis, `db.operation.name`).
pub(super) fn pipeline_name(pipeline: &Pipeline) -> StackText<48> {
    let mut text = StackText::new();
    text.push(if pipeline.is_transaction() { "MULTI" } else { "PIPELINE" });
    let mut commands = pipeline.cmd_iter().map(Name::of);
    if let Some(first) = commands.next()
        && commands.all(|other| other.as_str() == first.as_str())
    {
        text.push(" ").push(first.as_str());
    }
    text
}

/// Builds `db.query.text`.
pub(super) struct Text(StackText<LONGEST_TEXT>);

impl Text {
    pub(super) fn of(command: &Cmd, policy: CommandText) -> Self {
        let mut text = Self(StackText::new());
        text.push(command, policy);
        text
    }

    /// The commands with `; ` between them.
    pub(super) fn of_pipeline(pipeline: &Pipeline, policy: CommandText) -> Self {
        let mut text = Self(StackText::new());
        for (index, command) in pipeline.cmd_iter().enumerate() {
            if text.0.is_cut() {
                break;
            }
            if index > 0 {
                text.0.push("; ");
            }
            text.push(command, policy);
        }
        text
    }

    fn push(&mut self, command: &Cmd, policy: CommandText) {
        let name = Name::of(command);
        self.0.push(name.as_str());
        for (index, argument) in command.args_iter().skip(1).enumerate() {
            if index == MOST_ARGUMENTS {
                self.0.push(" ...");
                break;
            }
            let shown = match argument {
                Arg::Simple(key)
                    if index == 0 && policy == CommandText::Keys && has_key_first(name.as_str()) =>
                {
                    std::str::from_utf8(key).ok().filter(|key| key.len() <= LONGEST_ARGUMENT)
                }
                _ => None,
            };
            self.0.push(" ").push(shown.unwrap_or("?"));
        }
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// The commands in daily use whose first argument is a key. What is not listed here is hidden: `AUTH`, `EVAL`, `CONFIG`, …
#[rustfmt::skip] // One name a line would be longer than the rest of the file.
const KEY_FIRST: &[&str] = &[
    "APPEND", "DECR", "DECRBY", "DEL", "EXISTS", "EXPIRE", "EXPIREAT", "GET", "GETDEL", "GETEX", "GETRANGE",
    "HDEL", "HEXISTS", "HGET", "HGETALL", "HINCRBY", "HKEYS", "HLEN", "HMGET", "HSET", "HSETNX", "HVALS",
    "INCR", "INCRBY", "INCRBYFLOAT", "LINDEX", "LLEN", "LPOP", "LPUSH", "LRANGE", "LREM", "LTRIM", "MGET",
    "PERSIST", "PEXPIRE", "PTTL", "RPOP", "RPUSH", "SADD", "SCARD", "SET", "SETEX", "SETNX", "SETRANGE",
    "SISMEMBER", "SMEMBERS", "SREM", "STRLEN", "TTL", "TYPE", "UNLINK", "XADD", "XLEN", "XRANGE", "ZADD",
    "ZCARD", "ZINCRBY", "ZRANGE", "ZRANK", "ZREM", "ZSCORE",
];

fn has_key_first(name: &str) -> bool {
    KEY_FIRST.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use ::redis::{cmd, pipe};

    use super::*;

    #[test]
    fn names() {
        for (given, expected) in
            [("get", "GET"), ("FT.SEARCH", "FT.SEARCH"), ("", "_OTHER"), ("a b", "_OTHER")]
        {
            assert_eq!(Name::of(&cmd(given)).as_str(), expected);
        }
        assert_eq!(Name::of(&cmd(&"X".repeat(33))).as_str(), "_OTHER");
    }

    #[test]
    fn texts() {
        let set = || cmd("set").arg("user:1").arg("secret").arg("EX").arg(60).to_owned();
        let many = cmd("MGET").arg((0..40).collect::<Vec<_>>()).to_owned();
        let auth = cmd("AUTH").arg("secret").to_owned();
        for (command, policy, expected) in [
            (set(), CommandText::Redacted, "SET ? ? ? ?".to_owned()),
            (set(), CommandText::Keys, "SET user:1 ? ? ?".to_owned()),
            (auth, CommandText::Keys, "AUTH ?".to_owned()),
            (cmd("GET").arg("k".repeat(65)).to_owned(), CommandText::Keys, "GET ?".to_owned()),
            (cmd("GET").arg(b"\xff").to_owned(), CommandText::Keys, "GET ?".to_owned()),
            (many, CommandText::Redacted, format!("MGET{} ...", " ?".repeat(16))),
            (cmd("PING"), CommandText::Redacted, "PING".to_owned()),
        ] {
            assert_eq!(Text::of(&command, policy).as_str(), expected);
        }
    }

    #[test]
    fn pipelines() {
        let mut same = pipe();
        same.get("a").get("b");
        let mut mixed = pipe();
        mixed.atomic().set("a", 1).get("b");
        assert_eq!(pipeline_name(&same).as_str(), "PIPELINE GET");
        assert_eq!(pipeline_name(&mixed).as_str(), "MULTI");
        assert_eq!(Text::of_pipeline(&mixed, CommandText::Redacted).as_str(), "SET ? ?; GET ?");
        let mut long = pipe();
        (0..1000).for_each(|index| {
            long.get(index);
        });
        assert_eq!(Text::of_pipeline(&long, CommandText::Redacted).as_str().len(), LONGEST_TEXT);
    }

    #[test]
    fn the_list_can_be_searched() {
        assert!(KEY_FIRST.is_sorted());
        assert!(has_key_first("GET") && !has_key_first("AUTH") && !has_key_first("EVAL"));
    }
}
