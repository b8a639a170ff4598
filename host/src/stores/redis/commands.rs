//! A batch as Redis commands, and their answers as replies.

use std::io::Write;

use countersign_contract::store::{Operation, Reply};
use countersign_contract::types::StoreError;
use redis::{Cmd, Pipeline, RedisWrite, Value};

use super::{lineage, trouble};

/// What a batch takes.
pub(super) enum Packed {
    /// An empty batch.
    Nothing,
    /// One command, atomic by itself.
    One(Cmd),
    /// The commands between `MULTI` and `EXEC`.
    Transaction(Vec<Cmd>),
}

impl Packed {
    /// The commands as one packet, behind `questions` and, where `is_asking`, behind `ASKING`: what another server of a
    /// cluster sent us here for.
    pub(super) fn behind(
        self,
        questions: impl IntoIterator<Item = Cmd>,
        is_asking: bool,
    ) -> Pipeline {
        let (commands, is_transaction) = match self {
            Self::Nothing => (Vec::new(), false),
            Self::One(command) => (vec![command], false),
            Self::Transaction(commands) => (commands, true),
        };
        let mut pipeline = Pipeline::with_capacity(commands.len() + 3 + lineage::QUESTIONS);
        for question in questions {
            pipeline.add_command(question);
        }
        if is_asking {
            pipeline.add_command(bare("ASKING"));
        }
        if is_transaction {
            pipeline.add_command(bare("MULTI"));
        }
        for command in commands {
            pipeline.add_command(command);
        }
        if is_transaction {
            pipeline.add_command(bare("EXEC"));
        }
        pipeline
    }
}

/// Which operations are answered by the reads at the beginning: bit `n` stands for operation `n`.
///
/// A read that no earlier operation of its batch could have changed may go first, together with the others of its
/// kind in one `MGET`: within a transaction no reader can tell.
pub(super) struct Plan {
    early: u32,
}

/// The commands for `batch`, which must be within the contract's limits.
pub(super) fn pack(batch: &[Operation], prefix: &str) -> (Plan, Packed) {
    let plan = Plan::new(batch);
    // MGET, and at most two for each operation.
    let mut commands = Vec::with_capacity(2 * batch.len() + 1);
    commands.extend(plan.early_read(batch, prefix));
    for (_, operation) in plan.late(batch) {
        match operation {
            Operation::Delete(key) => commands.push(command("DEL", prefix, key, 0)),
            Operation::Get(key) => commands.push(command("GET", prefix, key, 0)),
            Operation::Increment(step) if step.by == 0 => {
                commands.push(command("GET", prefix, &step.key, 0))
            }
            Operation::Increment(step) => {
                let mut increment = command("INCRBY", prefix, &step.key, 20);
                increment.arg(step.by);
                let mut expire = command("PEXPIRE", prefix, &step.key, 20);
                expire.arg(u64::from(step.ttl_seconds) * 1_000);
                commands.extend([increment, expire]);
            }
            Operation::Set(assignment) => {
                let mut set = command("SET", prefix, &assignment.key, assignment.value.len() + 22);
                set.arg(assignment.value.as_slice())
                    .arg("PX")
                    .arg(u64::from(assignment.ttl_seconds) * 1_000);
                commands.push(set);
            }
        }
    }
    let packed = match commands.len() {
        0 => Packed::Nothing,
        1 => commands.pop().map_or(Packed::Nothing, Packed::One),
        _ => Packed::Transaction(commands),
    };
    (plan, packed)
}

impl Plan {
    fn new(batch: &[Operation]) -> Self {
        let mut early = 0;
        for (index, operation) in
            batch.iter().enumerate().filter(|(_, operation)| operation.only_reads())
        {
            let may_change =
                |earlier: &&Operation| !earlier.only_reads() && earlier.key() == operation.key();
            if !batch.iter().take(index).any(|earlier| may_change(&earlier)) {
                early |= 1 << index;
            }
        }
        Self { early }
    }

    fn is_early(&self, index: usize) -> bool {
        self.early & (1 << index) != 0
    }

    fn late<'a>(&self, batch: &'a [Operation]) -> impl Iterator<Item = (usize, &'a Operation)> {
        batch.iter().enumerate().filter(|(index, _)| !self.is_early(*index))
    }

    fn early_read(&self, batch: &[Operation], prefix: &str) -> Option<Cmd> {
        let count = usize::try_from(self.early.count_ones()).unwrap_or(0);
        let mut keys = batch.iter().enumerate().filter(|(index, _)| self.is_early(*index));
        let (_, first) = keys.next()?;
        if count == 1 {
            return Some(command("GET", prefix, first.key(), 0));
        }
        let mut get =
            Cmd::with_capacity(1 + count, count * (prefix.len() + first.key().len() + 16));
        get.arg("MGET");
        write_key(&mut get, prefix, first.key());
        for (_, operation) in keys {
            write_key(&mut get, prefix, operation.key());
        }
        Some(get)
    }

    /// The replies to a batch, from the answers to all of its commands.
    pub(super) fn replies(
        &self,
        batch: &[Operation],
        mut answers: Vec<Value>,
    ) -> Result<Vec<Reply>, StoreError> {
        if answers.len() == 1 {
            return self.assemble(batch, answers);
        }
        match answers.pop() {
            Some(Value::Array(answers)) => self.assemble(batch, answers),
            // It was not begun at all, because of a command that was refused before: the first one says why.
            Some(Value::ServerError(last)) => Err(answers
                .iter()
                .find_map(|answer| match answer {
                    Value::ServerError(error) => Some(trouble::server_error(error)),
                    _ => None,
                })
                .unwrap_or_else(|| trouble::server_error(&last))),
            _ => Err(trouble::unreadable()),
        }
    }

    fn assemble(&self, batch: &[Operation], answers: Vec<Value>) -> Result<Vec<Reply>, StoreError> {
        let mut answers = answers.into_iter();
        let mut early = match self.early.count_ones() {
            0 => Vec::new(),
            1 => answers.next().into_iter().collect(),
            _ => match answers.next() {
                Some(Value::Array(values)) => values,
                Some(Value::ServerError(error)) => return Err(trouble::server_error(&error)),
                _ => return Err(trouble::unreadable()),
            },
        }
        .into_iter();
        let mut replies = Vec::with_capacity(batch.len());
        for (index, operation) in batch.iter().enumerate() {
            let answer = if self.is_early(index) { early.next() } else { answers.next() };
            replies.push(reply(operation, answer.ok_or_else(trouble::unreadable)?)?);
            if matches!(operation, Operation::Increment(step) if step.by != 0) {
                match answers.next() {
                    Some(Value::Int(1)) => {}
                    _ => return Err(trouble::unreadable()),
                }
            }
        }
        Ok(replies)
    }
}

fn reply(operation: &Operation, answer: Value) -> Result<Reply, StoreError> {
    match (operation, answer) {
        // Not a number, or one that would become too large: what Redis calls plain ERR.
        (Operation::Increment(_), Value::ServerError(error)) if error.code() == "ERR" => {
            Err(StoreError::InvalidArgument)
        }
        (_, Value::ServerError(error)) => Err(trouble::server_error(&error)),
        (Operation::Delete(_), Value::Int(_)) | (Operation::Set(_), Value::Okay) => Ok(Reply::Done),
        (Operation::Get(_), Value::BulkString(value)) => Ok(Reply::Value(Some(value))),
        (Operation::Get(_), Value::Nil) => Ok(Reply::Value(None)),
        (Operation::Increment(_), Value::Int(count)) => Ok(Reply::Count(count)),
        (Operation::Increment(step), Value::Nil) if step.by == 0 => Ok(Reply::Count(0)),
        (Operation::Increment(step), Value::BulkString(digits)) if step.by == 0 => {
            let count = std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok());
            count.map(Reply::Count).ok_or(StoreError::InvalidArgument)
        }
        _ => Err(trouble::unreadable()),
    }
}

/// A command with its key, and room for `more` bytes in up to three more arguments.
fn command(name: &str, prefix: &str, key: &str, more: usize) -> Cmd {
    let arguments = if more == 0 { 2 } else { 5 };
    let mut command = Cmd::with_capacity(arguments, name.len() + prefix.len() + key.len() + more);
    command.arg(name);
    write_key(&mut command, prefix, key);
    command
}

fn bare(name: &str) -> Cmd {
    let mut command = Cmd::with_capacity(1, name.len());
    command.arg(name);
    command
}

fn write_key(command: &mut Cmd, prefix: &str, key: &str) {
    let mut argument = command.writer_for_next_arg();
    // Writing to memory can't fail.
    let _ = argument.write_all(prefix.as_bytes()).and_then(|()| argument.write_all(key.as_bytes()));
}
