# shellcheck shell=sh disable=SC2154
# Waits until each model has generated one token, and says what is in the way when it does not. Changes nothing.
# Setting besides the shared ones: models, a line each: name|application|route|group|cache|what the plan expects.
# Progress is on standard error. Prints one JSON object: the endpoint in the cluster, and seconds to that token by model.

# status_of TEMPLATE: of the RayService; empty while there is none.
status_of() { kubectl_here get rayservice "$service" -o "jsonpath=$1" 2>"$work/error" || true; }

# application PART NAME FIELD: of the active or pending cluster.
application() { status_of "{.status.$1ServiceStatus.applicationStatuses['$2'].$3}"; }

# Pods that find no node, each with the scheduler's reason.
unschedulable() {
  kubectl_here get pods -l ray.io/is-ray-node=yes -o 'jsonpath={range .items[?(@.status.phase=="Pending")]}{.metadata.name}{": "}{.status.conditions[?(@.reason=="Unschedulable")].message}{"\n"}{end}' 2>/dev/null |
    grep -v ': *$' | head -n 3 || true
}

# Containers that wait for something else: an image, a crash.
stuck() {
  kubectl_here get pods -l ray.io/is-ray-node=yes -o 'jsonpath={range .items[*]}{.metadata.name}{": "}{.status.containerStatuses[*].state.waiting.reason}{" "}{.status.initContainerStatuses[*].state.waiting.reason}{"\n"}{end}' 2>/dev/null |
    grep -E 'ErrImagePull|ImagePullBackOff|CrashLoopBackOff|CreateContainer|InvalidImageName' | head -n 3 || true
}

# engine_lines GROUP: what the engine of a model said last.
engine_lines() {
  for pod in $(kubectl_here get pods -l "ray.io/group=$1" -o 'jsonpath={.items[*].metadata.name}' 2>/dev/null); do
    kubectl_here exec "$pod" -c ray-worker -- sh -c 'cd /tmp/ray/session_latest/logs 2>/dev/null || exit 0
      ls -t worker-*.err 2>/dev/null | head -n 4 | xargs -r grep -hE "Error|ERROR|error:" | tail -n 8' 2>/dev/null | sed "s|^|    $pod: |"
  done | tail -n 16
}

# fix_of TEXT: what to do about what the engine or the scheduler said.
fix_of() {
  case $1 in
  *[Ii]nsufficient* | *'untolerated taint'* | *"didn't match"*) echo "free the GPUs, or correct the pool's labels, taint or gpusPerNode" ;;
  *ImagePull* | *InvalidImageName*) echo 'check images.ray, and that the nodes reach its registry' ;;
  *'KV cache'* | *'max seq len'* | *'max_model_len'*) echo 'lower contextTokens or raise gpuMemoryUtilization; a cold compile cache leaves less: run again' ;;
  *'out of memory'* | *OutOfMemory* | *'less than desired GPU memory utilization'*) echo 'lower gpuMemoryUtilization, and look for another process on the GPU' ;;
  *'Unknown engine argument'* | *'Extra inputs are not permitted'*) echo 'images.ray has another Ray or vLLM than the plan is made for' ;;
  *'compute capability'* | *'not supported on this GPU'* | *'no kernel image'*) echo 'take another format of the model or another dtype: this card has no such kernel' ;;
  *'config.json'* | *'No such file'* | *'not a valid model'*) echo 'look at the download of the model: its directory is not whole' ;;
  *NCCL* | *'Distributed'*) echo 'check the network between the nodes, and that the plan knows which cards have peer-to-peer' ;;
  *ImportError* | *ModuleNotFoundError*) echo 'images.ray lacks a package: take the image of the catalogue' ;;
  *) echo "kubectl -n $namespace describe rayservice $service, and the logs of its pods" ;;
  esac
}

# tell_model NAME APPLICATION GROUP EXPECTATION FOUND: the reason beside what the plan expects.
tell_model() {
  lines=$(engine_lines "$3")
  fault "model $1 (application $2)" "$(printf '%s' "$5" | tr '\n' ' ' | cut -c 1-900)" "one token within $deadline s; $4" "$(fix_of "$5 $lines")"
  [ -z "$lines" ] || printf '  its engine said last:\n%s\n' "$lines" >&2
}

# All that a look needs, in one question: a line for each field, then one for each model, as KubeRay has it of the active and
# of the pending cluster. A message comes last, as it may have lines of its own.
fields() {
  printf '{.metadata.generation}{"\\n"}{.status.observedGeneration}{"\\n"}'
  printf '{.status.%sServiceStatus.rayClusterName}{"\\n"}' active pending
  while IFS='|' read -r name app _; do
    [ -z "$name" ] || printf "{.status.activeServiceStatus.applicationStatuses['%s'].status}{\"|\"}{.status.pendingServiceStatus.applicationStatuses['%s'].status}{\"\\\\n\"}" "$app" "$app"
  done <<MODELS
$models
MODELS
  printf '{.status.conditions[?(@.reason=="ValidationFailed")].message}'
}

# line NAME: the next line of the answer, empty when there is none.
line() { IFS= read -r "$1" <&3 || true; }

look() {
  status_of "$wanted" >"$work/look"
  exec 3<"$work/look"
  line generation
  line observed
  line active
  line pending
  part=active
  [ -z "$pending" ] || part=pending
  running=1
  [ -n "$generation" ] && [ "$generation" = "$observed" ] && [ -n "$active" ] && [ -z "$pending" ] || running=0
  seen="Ray cluster ${pending:-${active:-not there yet}}"
  failed=
  while IFS='|' read -r name app _; do
    [ -n "$name" ] || continue
    line states
    case $part in active) state=${states%%|*} ;; *) state=${states#*|} ;; esac
    seen="$seen, $name ${state:-waiting}"
    [ "$state" = RUNNING ] || running=0
    # Only of this spec: before it was looked at, the state is the last one's.
    if [ "$state" = DEPLOY_FAILED ] && [ "$generation" = "$observed" ]; then failed="$failed $app"; fi
  done <<MODELS
$models
MODELS
  refused=$(cat <&3)
  exec 3<&-
  why=
  [ "$running" -eq 1 ] || why=$(unschedulable)
  [ "$running" -eq 1 ] || [ -n "$why" ] || why=$(stuck)
  [ -z "$why" ] || seen="$seen; $(printf '%s' "$why" | head -n 1)"
}

# reason NAME APPLICATION: Serve's own, else what the pods wait for.
reason() {
  state=$(application "$part" "$2" status)
  message=$(application "$part" "$2" message)
  [ -n "$message" ] || message=$(application "$part" "$2" 'serveDeploymentStatuses.*.message')
  printf '%s' "${state:-no application yet}${message:+: $message}${why:+; $why}"
}

tell_all() {
  say "$namespace/$service: $1"
  if [ -z "$generation" ]; then
    fault "the RayService $service" "$(tail -n 1 "$work/error" 2>/dev/null)" 'a RayService that can be read' 'check the kubeconfig, and that KubeRay is installed'
    return
  fi
  if [ -n "$refused" ]; then
    fault "the RayService $service" "$refused" 'a RayService that KubeRay takes' 'correct the stack, or report it'
    return
  fi
  while IFS='|' read -r name app _ group _ expectation; do
    [ -n "$name" ] || continue
    [ "$(application "$part" "$app" status)" != RUNNING ] || continue
    tell_model "$name" "$app" "$group" "$expectation" "$(reason "$name" "$app")"
  done <<MODELS
$models
MODELS
}

# Asks for one token from inside the head's pod. It ends with 2 as long as Serve still runs another config.
ask() {
  cluster exec -i "$head" -c ray-head -- python - "$@" <<'PYTHON'
import json, os, sys, time, urllib.error, urllib.request

application, route, model, cache, seconds = sys.argv[1:6]


def fetch(url, body=None, headers=None, timeout=30):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=timeout) as response:
        return json.load(response)


try:
    token = os.environ.get("RAY_AUTH_TOKEN", "")
    serve = fetch("http://127.0.0.1:8265/api/serve/applications/", headers={"Authorization": "Bearer " + token})
    config = serve["applications"][application]["deployed_app_config"]["args"]["llm_configs"][0]
    if config["runtime_env"]["env_vars"]["VLLM_CACHE_ROOT"] != cache + "/vllm":
        sys.exit(2)
    began = time.monotonic()
    url = "http://127.0.0.1:8000" + route.rstrip("/") + "/v1/completions"
    answer = fetch(url, {"model": model, "prompt": "1 2 3", "max_tokens": 1}, timeout=max(1, float(seconds)))
    if answer["usage"]["completion_tokens"] < 1:
        raise ValueError("the answer has no token")
    print("%.2f" % (time.monotonic() - began))
except urllib.error.HTTPError as error:
    print("HTTP %d: %s" % (error.code, error.read(600).decode("utf-8", "replace")))
    sys.exit(1)
except Exception as error:
    print("%s: %s" % (type(error).__name__, error))
    sys.exit(1)
PYTHON
}

# first_token NAME APPLICATION ROUTE GROUP CACHE EXPECTATION: asks until it comes.
first_token() {
  while :; do
    head=$(kubectl_here get pods -l ray.io/node-type=head,ray.io/cluster="$active" -o 'jsonpath={.items[0].metadata.name}' 2>/dev/null || true)
    code=1
    answer='the head has no pod'
    if [ -n "$head" ]; then
      code=0
      answer=$(ask "$2" "$3" "$1" "$5" "$((ends - $(now)))" 2>"$work/error") || code=$?
    fi
    [ "$code" -ne 0 ] || break
    [ -n "$answer" ] || answer=$(tail -n 1 "$work/error")
    [ "$code" -ne 2 ] || answer='Serve still runs the config of before'
    if [ "$(now)" -ge "$ends" ]; then
      say "$namespace/$service: no token within $deadline s"
      tell_model "$1" "$2" "$4" "$6" "$answer"
      exit 3
    fi
    say "$1: $answer"
    sleep "$poll"
  done
  say "$1: its first token after $answer s"
  tokens="$tokens${tokens:+,}\"$1\":$answer"
}

stage_wait() {
  follow
  wanted=$(fields)
  last=
  while :; do
    look
    [ "$running" -eq 0 ] || break
    if [ -n "$failed" ] || [ -n "$refused" ]; then
      tell_all 'a model cannot start'
      exit 3
    fi
    if [ "$(now)" -ge "$ends" ]; then
      tell_all "not all models run after $deadline s"
      exit 3
    fi
    [ "$seen" = "$last" ] || say "$seen"
    last=$seen
    sleep "$poll"
  done
  tokens=
  while IFS='|' read -r name app route group cache expectation; do
    [ -z "$name" ] || first_token "$name" "$app" "$route" "$group" "$cache" "$expectation"
  done <<MODELS
$models
MODELS
  printf '{"endpoint":"http://%s-serve-svc.%s.svc:8000","tokens":{%s}}\n' "$service" "$namespace" "$tokens"
}
