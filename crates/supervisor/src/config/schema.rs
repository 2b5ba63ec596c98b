//! The JSON schema of `workers.toml`, for editors; made of the table of keys.

use serde_json::{Map, Value, json};

use super::keys::{self, Form, Key};

/// The schema, as `docs/workers.schema.json` holds it. Combinations that make no sense are beyond it; reading the
/// file finds them.
#[must_use]
pub fn json_schema() -> String {
    let defaults = keys::program_keys().filter(|key| keys::may_be_default(key.name));
    let mut program = object(keys::program_keys());
    program["required"] = json!(["command"]);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "workers.toml: the programs that `trellis run` runs",
        "type": "object",
        "additionalProperties": false,
        "required": ["program"],
        "properties": {
            "server": described(object(keys::server_keys()), "The servers."),
            "defaults": described(object(defaults), "What holds for every program that doesn't say otherwise."),
            "program": {
                "type": "object",
                "description": "The programs by name.",
                "minProperties": 1,
                "propertyNames": {
                    "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$",
                    // That is what a process of a program is called.
                    "not": { "pattern": "[.][0-9]+$" },
                },
                "additionalProperties": program,
            },
        },
    });
    let mut text = format!("{schema:#}");
    text.push('\n');
    text
}

/// A table with these keys.
fn object<T: 'static>(keys: impl Iterator<Item = &'static Key<T>>) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let value = described(form(&key.form), &key.help.replace('`', ""));
        match key.name.split_once('.') {
            None => {
                properties.insert(key.name.to_owned(), value);
            }
            Some((group, name)) => grouped(&mut properties, group)[name] = value,
        }
    }
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

/// The properties of a table in the table; where a plain value is allowed, too, either will do.
fn grouped<'a>(properties: &'a mut Map<String, Value>, group: &str) -> &'a mut Value {
    let empty = || json!({ "type": "object", "additionalProperties": false, "properties": {} });
    let value = properties.entry(group).or_insert_with(empty);
    if value["properties"].is_null() {
        if value["anyOf"].is_null() {
            let plain = value.take();
            *value = json!({ "anyOf": [plain, empty()] });
        }
        return &mut value["anyOf"][1]["properties"];
    }
    &mut value["properties"]
}

fn described(mut value: Value, help: &str) -> Value {
    value["description"] = json!(help);
    value
}

fn form<T: 'static>(form: &Form<T>) -> Value {
    match form {
        Form::Text(_) => json!({ "type": "string" }),
        Form::Texts(_) => {
            json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
        }
        Form::Map(_) => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Form::Flag(_) => json!({ "type": "boolean" }),
        Form::Words(words, _) => json!({ "enum": words }),
        Form::Count(min, max, _) => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Form::Size(min, max, _) => json!({ "anyOf": [
            { "type": "integer", "minimum": min, "maximum": max },
            { "type": "string", "pattern": "^[0-9]+[kKmMgG]?$" },
        ] }),
        Form::Time(..) => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$" }),
    }
}
