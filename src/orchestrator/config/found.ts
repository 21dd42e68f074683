// A setting's value and where it was found, for messages.
export type Found = { readonly value: unknown; readonly place: string };
