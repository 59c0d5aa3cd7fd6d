import tseslint from "typescript-eslint";

/** A resource made inside apply is missing from the preview (style rule: no resource in `apply`). */
const noResourceInApply = {
  selector:
    "CallExpression[callee.property.name='apply'] NewExpression:not([callee.name=/^(Error|TypeError|RangeError|Map|Set|Date|URL|URLSearchParams)$/]):not([callee.property.name=/Error$|Asset$|Archive$/]):not([callee.name=/Error$/])",
  message: "No resource inside apply: it would be missing from the preview. Pass the Output as an input instead.",
};

/** `{ parent: this, ...opts }` moves the child under the caller's parent. */
const noOptsSpread = {
  selector: "SpreadElement[argument.name=/^(opts|options)$/]",
  message:
    "Never spread opts into a child; use pulumi.mergeOptions in the super call, `{ parent: this }` for children.",
};

export default tseslint.config(
  { ignores: ["node_modules/", ".tokenrack/", "dist/", "gateway/dist/", "download/dist/", "e2e/charts/"] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "no-restricted-syntax": ["error", noResourceInApply, noOptsSpread],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "max-lines": ["error", { max: 250, skipBlankLines: false, skipComments: false }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "no-console": "off",
    },
  },
  {
    files: ["**/*.mjs"],
    extends: [tseslint.configs.disableTypeChecked],
  },
  {
    // A describe() block is one function; its length says nothing.
    files: ["test/**", "e2e/**", "bench/**"],
    rules: { "max-lines-per-function": "off", "max-lines": ["error", { max: 400 }] },
  },
);
