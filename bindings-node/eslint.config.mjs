import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  // codes.ts is generated from the refusal contract, and compared with it in CI.
  { ignores: ["build/", "dist/", "prebuilds/", "test/types/", "ts/codes.ts"] },
  eslint.configs.recommended,
  {
    files: ["**/*.mjs"],
    languageOptions: {
      ecmaVersion: 2024,
      globals: Object.fromEntries(
        [
          "AbortController",
          "AbortSignal",
          "clearInterval",
          "setInterval",
          "structuredClone",
          "Blob",
          "Buffer",
          "File",
          "FormData",
          "Headers",
          "ReadableStream",
          "Request",
          "Response",
          "TextEncoder",
          "URL",
          "URLSearchParams",
          "console",
          "fetch",
          "performance",
          "gc",
          "process",
          "setTimeout",
          "clearTimeout",
          "setImmediate",
        ].map((name) => [name, "readonly"]),
      ),
    },
  },
  {
    files: ["ts/**/*.{ts,mts}"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-extraneous-class": ["error", { allowWithDecorator: true }],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // The strict rules forbid the "!" that this one asks for.
      "@typescript-eslint/non-nullable-type-assertion-style": "off",
    },
  },
);
