//! The contract's enumerations, as the documents name them. The contract itself knows nothing of OpenAPI.

use countersign_contract::{otp, types};
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A schema for each, with the values as they are in JSON.
macro_rules! words {
    ($($module:ident::$name:ident),+ $(,)?) => {
        $(
            pub(crate) struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    values($module::$name::ALL)
                }
            }

            impl ToSchema for $name {}
        )+
    };
}

words!(otp::DeliveryState, otp::State, types::Channel, types::RecipientFault, types::Scope,);

fn values<T: Serialize>(all: impl IntoIterator<Item = T>) -> RefOr<Schema> {
    let values = all.into_iter().map(|value| serde_json::to_value(value).unwrap());
    let builder = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values));
    RefOr::T(Schema::Object(builder.build()))
}
