// What eslint checks: the typed rules of typescript-eslint on everything under src.
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/wire"] },
  {
    files: ["src/**/*.ts", "src/**/*.tsx"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      "prefer-const": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // Numbers read well in template strings; the other types do not.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // The wire is typed with `type`, as the generator writes it.
      "@typescript-eslint/consistent-type-definitions": "off",
    },
  },
);
