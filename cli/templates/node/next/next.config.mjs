// The package holds a binary, and one instance of it serves all handlers, so it stays out of the bundle.
export default { serverExternalPackages: ["wiresign"] };
