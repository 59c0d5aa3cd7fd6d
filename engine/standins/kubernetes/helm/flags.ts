import { DEFAULT_TIMEOUT_SECONDS, type Release } from "./inputs";

const when = (condition: boolean, ...args: readonly string[]): readonly string[] => (condition ? args : []);
const given = (flag: string, value: string | undefined): readonly string[] =>
  value === undefined || value === "" ? [] : [flag, value];

export const timeoutArgs = (release: Release): readonly string[] => [
  "--timeout",
  `${release.timeout === 0 ? DEFAULT_TIMEOUT_SECONDS : release.timeout}s`,
];

/** The chart and how helm finds it: a path, `repo/name`, an OCI address, or a name in a repository's URL. */
export function chartArgs(release: Release): readonly string[] {
  const options = release.repositoryOpts;
  const repo = options?.repo ?? "";
  const chart = release.chart.trim();
  const isOci = chart.startsWith("oci://");
  const isUrl = URL.canParse(repo);
  const named = !isOci && !isUrl && repo !== "" && !chart.includes("/") ? `${repo}/${chart}` : chart;
  return [
    named,
    ...when(isUrl && !isOci, "--repo", repo),
    ...given("--ca-file", options?.caFile),
    ...given("--cert-file", options?.certFile),
    ...given("--key-file", options?.keyFile),
    ...given("--username", options?.username),
    ...given("--version", release.version.trim()),
    ...when(release.devel, "--devel"),
    ...when(release.verify, "--verify", ...given("--keyring", release.keyring)),
  ];
}

/** What install and upgrade have in common. */
const commonArgs = (release: Release): readonly string[] => [
  ...chartArgs(release),
  "--values",
  "-",
  ...when(!release.skipAwait, "--wait"),
  ...when(!release.skipAwait && release.waitForJobs, "--wait-for-jobs"),
  ...when(release.atomic, "--atomic"),
  ...timeoutArgs(release),
  ...when(release.dependencyUpdate, "--dependency-update"),
  ...when(release.renderSubchartNotes, "--render-subchart-notes"),
  ...given("--description", release.description),
  ...given("--post-renderer", release.postrender),
];

export const installArgs = (release: Release): readonly string[] => [
  ...commonArgs(release),
  ...when(release.createNamespace, "--create-namespace"),
  ...when(release.disableWebhooks, "--no-hooks"),
  ...when(release.disableOpenapiValidation, "--disable-openapi-validation"),
  ...when(release.skipCrds, "--skip-crds"),
  ...when(release.replace, "--replace"),
];

export const upgradeArgs = (release: Release): readonly string[] => [
  ...commonArgs(release),
  ...when(release.disableCRDHooks, "--no-hooks"),
  ...when(release.forceUpdate, "--force"),
  ...when(release.recreatePods, "--recreate-pods"),
  ...when(release.resetValues, "--reset-values"),
  ...when(release.reuseValues, "--reuse-values"),
  ...when(release.cleanupOnFail, "--cleanup-on-fail"),
  // Helm's own default keeps 10 revisions; the provider's default is no limit.
  "--history-max",
  String(release.maxHistory ?? 0),
];
