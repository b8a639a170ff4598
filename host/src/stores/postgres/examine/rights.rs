//! What our user may do in the schema, and whether the store is set up there.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::super::names::Names;
use super::super::trouble::Trouble;
use super::line::{Line, Silent};
use crate::findings::{Check, Findings};

const SCHEMA: &str = "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), \
    n.oid IS NOT NULL, \
    COALESCE(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false), \
    COALESCE(pg_catalog.has_schema_privilege(n.oid, 'CREATE'), false) \
    FROM (SELECT 1) AS one LEFT JOIN pg_catalog.pg_namespace AS n \
    ON ('\"' OPERATOR(pg_catalog.||) n.nspname OPERATOR(pg_catalog.||) '\"') OPERATOR(pg_catalog.=) $1";

const TABLE: &str = "SELECT c.oid IS NOT NULL, c.relpersistence::pg_catalog.text, \
    pg_catalog.has_table_privilege(c.oid, 'SELECT'), pg_catalog.has_table_privilege(c.oid, 'INSERT'), \
    pg_catalog.has_table_privilege(c.oid, 'UPDATE'), pg_catalog.has_table_privilege(c.oid, 'DELETE'), \
    pg_catalog.has_function_privilege(pg_catalog.to_regprocedure($2)::pg_catalog.oid, 'EXECUTE'), \
    pg_catalog.has_function_privilege(pg_catalog.to_regprocedure($3)::pg_catalog.oid, 'EXECUTE') \
    FROM (SELECT 1) AS one LEFT JOIN pg_catalog.pg_class AS c \
    ON c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)::pg_catalog.oid";

/// Looks at rights and contents. Says whether the store is set up.
pub(super) async fn examine(
    line: &Line,
    names: &Names,
    findings: &mut Findings,
) -> Result<bool, Silent> {
    let answer = line.ask(SCHEMA, &[(&names.schema, Type::TEXT)]).await?;
    let row = match answer {
        Ok(row) => row,
        Err(trouble) => return Ok(untold(&trouble, findings)),
    };
    let may = |column: usize| row.try_get(column).unwrap_or(false);
    let (may_create_schema, is_there, may_use, may_create) = (may(0), may(1), may(2), may(3));
    let schema = &names.schema;
    if !is_there {
        findings.skipped(Check::StoreContents, format!("there is no schema {schema} yet"));
        if may_create_schema {
            findings.ok(Check::StoreRights, "may create the schema, which the first start does");
        } else {
            let mend = format!(
                "GRANT CREATE ON DATABASE <database> TO <user>, or CREATE SCHEMA {schema} AUTHORIZATION <user>"
            );
            findings.failed(Check::StoreRights, "may not create the schema", mend);
        }
        return Ok(false);
    }
    if !may_use {
        findings.skipped(Check::StoreContents, "the user may not use the schema");
        let mend = format!("GRANT USAGE ON SCHEMA {schema} TO <user>");
        findings.failed(Check::StoreRights, format!("no right USAGE of the schema {schema}"), mend);
        return Ok(false);
    }
    let [batch, purge] = names.signatures();
    let arguments: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
        [(&names.table, Type::TEXT), (&batch, Type::TEXT), (&purge, Type::TEXT)];
    Ok(match line.ask(TABLE, &arguments).await? {
        Ok(row) => table(&row, names, may_create, findings),
        Err(trouble) => untold(&trouble, findings),
    })
}

fn table(row: &Row, names: &Names, may_create: bool, findings: &mut Findings) -> bool {
    let right = |column: usize| row.try_get::<_, Option<bool>>(column).ok().flatten();
    let has_table = right(0) == Some(true);
    let has_functions = right(6).is_some() && right(7).is_some();
    let kind: Option<String> = row.try_get(1).ok().flatten();
    if has_table && kind.as_deref() != Some("p") {
        let found = format!("{} is not an ordinary table: a crash would empty it", names.table);
        let mend = format!("ALTER TABLE {} SET LOGGED", names.table);
        findings.failed(Check::StoreContents, found, mend);
    } else if has_table && has_functions {
        findings.ok(Check::StoreContents, format!("{} and its functions are there", names.table));
    } else {
        findings.skipped(Check::StoreContents, "table or functions aren't there yet");
    }
    let mut missing: Vec<&str> = ["SELECT", "INSERT", "UPDATE", "DELETE"]
        .into_iter()
        .zip(2..)
        .filter(|(_, column)| has_table && right(*column) != Some(true))
        .map(|(name, _)| name)
        .collect();
    if right(6) == Some(false) || right(7) == Some(false) {
        missing.push("EXECUTE");
    }
    if !(has_table && has_functions || may_create) {
        missing.push("CREATE");
    }
    if missing.is_empty() {
        findings.ok(Check::StoreRights, "every right that the store needs");
    } else {
        let schema = &names.schema;
        let mend = format!(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO <user>; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO \
             <user>; CREATE ON SCHEMA {schema} only where the tables aren't there",
            names.table
        );
        findings.failed(Check::StoreRights, format!("missing: {}", missing.join(", ")), mend);
    }
    has_table && has_functions
}

/// The server doesn't say.
fn untold(trouble: &Trouble, findings: &mut Findings) -> bool {
    match trouble {
        Trouble::Denied(text) => {
            let mend = "give the user the rights that docs/stores/postgres.md lists";
            findings.failed(Check::StoreRights, text.as_str(), mend);
        }
        trouble => {
            findings.skipped(Check::StoreRights, format!("the server doesn't say: {trouble}"))
        }
    }
    false
}
