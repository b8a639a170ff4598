//! The component's imports and exports, held against `wit/`.

use std::collections::BTreeMap;
use std::path::Path;

use wit_component::DecodedWasm;
use wit_parser::{
    Function, Handle, InterfaceId, Resolve, Type, TypeDef, TypeDefKind, TypeId,
    UnresolvedPackageGroup, WorldId, WorldItem,
};

const WIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit");

fn contract() -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(WIT).expect("wit/ parses");
    let world = resolve.select_world(&[package], Some("engine")).unwrap();
    (resolve, world)
}

fn decoded() -> (Resolve, WorldId) {
    match wit_component::decode(&crate::component()).expect("a component") {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => panic!("a package of WIT, not a component"),
    }
}

fn interfaces<'a>(
    resolve: &Resolve,
    items: impl IntoIterator<Item = (&'a wit_parser::WorldKey, &'a WorldItem)>,
) -> BTreeMap<String, InterfaceId> {
    let interface = |(key, item): (&wit_parser::WorldKey, &WorldItem)| match item {
        WorldItem::Interface { id, .. } => (resolve.name_world_key(key), *id),
        item => panic!("not an interface: {item:?}"),
    };
    items.into_iter().map(interface).collect()
}

/// What an interface's functions are, down to the last field of the last type.
fn functions(resolve: &Resolve, interface: InterfaceId) -> BTreeMap<String, String> {
    let spelled = |function: &Function| {
        let parameters = function
            .params
            .iter()
            .map(|parameter| format!("{}: {}", parameter.name, spell(resolve, &parameter.ty)));
        let result = function.result.as_ref().map(|result| spell(resolve, result));
        format!(
            "{:?}: ({}) -> {result:?}",
            function.kind,
            parameters.collect::<Vec<_>>().join(", ")
        )
    };
    let functions = &resolve.interfaces[interface].functions;
    functions.iter().map(|(name, function)| (name.clone(), spelled(function))).collect()
}

fn spell(resolve: &Resolve, ty: &Type) -> String {
    match ty {
        Type::Id(id) => spell_definition(resolve, *id),
        primitive => format!("{primitive:?}"),
    }
}

fn spell_definition(resolve: &Resolve, id: TypeId) -> String {
    let TypeDef { name, kind, .. } = &resolve.types[id];
    let name = name.as_deref().unwrap_or_default();
    let one = |ty: &Option<Type>| ty.as_ref().map(|ty| spell(resolve, ty)).unwrap_or_default();
    let spelled = match kind {
        // Wherever it comes from, it is what it is.
        TypeDefKind::Type(ty) => return spell(resolve, ty),
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            fields.map(|field| format!("{}: {}", field.name, spell(resolve, &field.ty))).collect()
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter();
            cases.map(|case| format!("{}({})", case.name, one(&case.ty))).collect()
        }
        TypeDefKind::Enum(cases) => cases.cases.iter().map(|case| case.name.clone()).collect(),
        TypeDefKind::Tuple(tuple) => tuple.types.iter().map(|ty| spell(resolve, ty)).collect(),
        TypeDefKind::Option(ty) => vec![format!("option {}", spell(resolve, ty))],
        TypeDefKind::List(ty) => vec![format!("list {}", spell(resolve, ty))],
        TypeDefKind::Result(result) => {
            vec![format!("result {} or {}", one(&result.ok), one(&result.err))]
        }
        TypeDefKind::Handle(Handle::Own(_) | Handle::Borrow(_)) => panic!("a resource: {name}"),
        other => panic!("a kind of type that the contract has no use for: {other:?}"),
    };
    let spelled: Vec<String> = spelled;
    format!("{name} {{{}}}", spelled.join("; "))
}

#[test]
fn the_component_reaches_nothing_but_what_its_world_says() {
    let (resolve, world) = decoded();
    let imports = interfaces(&resolve, &resolve.worlds[world].imports);
    let names: Vec<&str> = imports.keys().map(String::as_str).collect();
    let expected = [
        "countersign:otp/sender@0.1.0",
        "countersign:otp/settings@0.1.0",
        "countersign:otp/store@0.1.0",
        "countersign:otp/types@0.1.0",
        "wasi:clocks/wall-clock@0.2.12",
        "wasi:random/random@0.2.12",
    ];
    assert_eq!(names, expected);
    let exports = interfaces(&resolve, &resolve.worlds[world].exports);
    assert_eq!(exports.keys().collect::<Vec<_>>(), ["countersign:otp/otp@0.1.0"]);
    // `types` is words only.
    assert!(functions(&resolve, imports["countersign:otp/types@0.1.0"]).is_empty());
}

#[test]
fn the_component_embeds_the_contract_of_this_folder() {
    let (ours, our_world) = contract();
    let (theirs, their_world) = decoded();
    let [promised, kept] = [(&ours, our_world), (&theirs, their_world)].map(|(resolve, world)| {
        let world = &resolve.worlds[world];
        let mut all = interfaces(resolve, &world.imports);
        all.extend(interfaces(resolve, &world.exports));
        let spelled = all.into_iter().map(|(name, id)| (name, functions(resolve, id)));
        spelled.collect::<BTreeMap<_, _>>()
    });
    assert_eq!(kept.keys().collect::<Vec<_>>(), promised.keys().collect::<Vec<_>>());
    for (interface, functions) in &kept {
        let promised = &promised[interface];
        for (name, function) in functions {
            assert_eq!(Some(function), promised.get(name), "{interface}, {name}");
        }
        // Of WASI it may leave out what it doesn't use; of ours nothing.
        if interface.starts_with("countersign:") {
            assert_eq!(functions.len(), promised.len(), "{interface}");
        }
    }
    let otp = kept["countersign:otp/otp@0.1.0"].keys().map(String::as_str).collect::<Vec<_>>();
    let all = [
        "inspect",
        "issue",
        "join-histories",
        "prepare",
        "record-delivery",
        "resend",
        "revoke",
        "status",
        "tally",
        "unlock",
        "verify",
    ];
    assert_eq!(otp, all);
}

#[test]
fn every_file_of_the_contract_parses_and_belongs_to_one_package() {
    let group = UnresolvedPackageGroup::parse_dir(Path::new(WIT)).expect("wit/ parses");
    assert_eq!(group.main.name.to_string(), "countersign:otp@0.1.0");
    assert!(group.nested.is_empty());
    let (resolve, world) = contract();
    let package = resolve.worlds[world].package.unwrap();
    let interfaces: Vec<&String> = resolve.packages[package].interfaces.keys().collect();
    let mut names: Vec<&str> = interfaces.into_iter().map(String::as_str).collect();
    names.sort_unstable();
    let all = [
        "callbacks",
        "configuration",
        "otp",
        "sender",
        "senders",
        "settings",
        "store",
        "types",
        "upkeep",
    ];
    assert_eq!(names, all);
}
