# shellcheck shell=sh disable=SC2154,SC2016
# Waits until a token comes through the gateway, asked for as its first user from inside one of its pods. Changes nothing.
# On cluster-lib.sh; a line "password <it>" comes before the kubeconfig. The password goes on by standard input too: it is in no
# command line. Settings: namespace, deployment, port, user, model, deadline, settle and poll in seconds: for as long as settle,
# a refusal may be a Secret that the pods do not see yet. Prints one JSON object: the model, and the seconds to its first token.

# Ends with 2 where the gateway refused, and with 1 where it could not answer.
ask() {
  printf '%s' "$password" | cluster exec -i "deploy/$deployment" -- node -e '
const { readFileSync } = require("node:fs");
const [base, user, model, seconds] = process.argv.slice(1);
const end = (code, text) => { console.log(String(text).replace(/\s+/g, " ").slice(0, 600)); process.exit(code); };
const signal = AbortSignal.timeout(Math.max(1, Number(seconds)) * 1000);
const ask = async (path, headers, body) => {
  const answer = await fetch(base + path, { method: "POST", headers, body, signal });
  if (answer.ok) return answer;
  return end([400, 401, 403].includes(answer.status) ? 2 : 1, `${path} answered ${answer.status}: ${await answer.text()}`);
};
(async () => {
  const form = { grant_type: "password", username: user, password: readFileSync(0, "utf8") };
  const { access_token: token } = await (await ask("/token", {}, new URLSearchParams(form))).json();
  const began = performance.now();
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const messages = [{ role: "user", content: "Hello" }];
  const answer = await ask("/v1/chat/completions", headers, JSON.stringify({ model, messages, max_tokens: 1, stream: true }));
  let text = "";
  let first;
  for await (const part of answer.body) {
    text += Buffer.from(part).toString();
    if (first === undefined && /^data: \{.*"delta":/m.test(text)) first = performance.now() - began;
  }
  if (first === undefined || !text.includes("data: [DONE]")) end(1, `no token in the answer: ${text}`);
  console.log((first / 1000).toFixed(2));
})().catch((error) => end(1, `${error.name}: ${error.message} ${error.cause?.code ?? ""}`));
' "http://127.0.0.1:$port" "$user" "$model" "$1"
}

# What the pods wait for, where they do not run.
pods() {
  kubectl_here get pods -l app.kubernetes.io/component=gateway \
    -o 'jsonpath={range .items[*]}{.metadata.name}{": "}{.status.phase}{" "}{.status.containerStatuses[*].state.waiting.reason}{" "}{.status.containerStatuses[*].lastState.terminated.message}{" "}{.status.conditions[?(@.type=="PodScheduled")].message}{"\n"}{end}' 2>/dev/null | cut -c1-400
}

failure() {
  say 'no token comes through the gateway'
  fault "a token of $model as the user $user, asked in $namespace/$deployment" "$1" "one within $deadline s" "$2"
  pods | sed 's/^/    /' >&2
  exit 3
}

stage_wait() {
  IFS= read -r password
  password=${password#password }
  begin 'the gateway could not be asked'
  began=$(now)
  ends=$((began + deadline))
  last=
  while :; do
    code=0
    answer=$(ask "$((ends - $(now)))" 2>"$work/error") || code=$?
    [ "$code" -ne 0 ] || break
    [ -n "$answer" ] || answer=$(tail -n 1 "$work/error" | cut -c1-400)
    pause=$poll
    case $code:$(($(now) - began < settle)):$answer in
    # Ten wrong passwords in five minutes lock the user out.
    2:1:*) pause=15 ;;
    2:*/token*) failure "$answer" "set the secret firstUserPassword to that user's password, or users to one with its hash" ;;
    2:*) failure "$answer" 'give gateway.firstUser the scope chat:write and that model in users' ;;
    esac
    [ "$(now)" -lt "$ends" ] || failure "$answer" "kubectl -n $namespace logs deploy/$deployment; then run again"
    [ "$answer" = "$last" ] || say "$answer"
    last=$answer
    sleep "$pause"
  done
  say "$model through the gateway: its first token after $answer s"
  printf '{"model":"%s","ttftSeconds":%s}\n' "$model" "$answer"
}
