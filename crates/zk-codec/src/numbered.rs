//! The macro for enums whose variants have numbers in the protocol.

/// Defines an enum with the number of each variant, and the ways between them. `variant as usize` counts from 0
/// in the order of the list, whatever the numbers are.
macro_rules! numbered {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$about_variant:meta])* $variant:ident = $number:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$about_variant])* $variant,)*
        }

        impl $name {
            /// All of them, in the order of their declaration.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The protocol's number for it.
            pub const fn number(self) -> i32 {
                match self {
                    $(Self::$variant => $number,)*
                }
            }

            /// The one with this number.
            pub const fn from_number(number: i32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use numbered;
