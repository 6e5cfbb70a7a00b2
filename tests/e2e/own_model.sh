#!/usr/bin/env bash
# A user's own model, from a C plug-in as docs/models.md tells.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1
cp -r "$here/include" "$here/docs" .

event() { # type process f value
    echo "{\"type\":\"$1\",\"process\":$2,\"f\":\"$3\",\"value\":$4}"
}
done_op() { event invoke "$1" "$2" "$3"; event ok "$1" "$2" "$4"; }

command=$(sed -n 's/^cc /cc /p' docs/models.md)
expect 'the documented command builds the example' 0 bash -c "$command -Wall -Wextra -Wpedantic -Werror"
{ done_op 0 deposit 5 null; done_op 1 withdraw 4 true; done_op 0 withdraw 2 false; done_op 1 balance null 1; } >good
{ done_op 0 deposit 5 null; done_op 1 withdraw 4 true; done_op 0 withdraw 2 true; } >bad
{ done_op 0 deposit 5 null; event invoke 1 withdraw 4; event info 1 withdraw 4; done_op 0 balance null 1; } >unknown
{ done_op 0 deposit 5 null; done_op 1 steal 4 true; } >other
expect 'what it allows is valid' 0 "$ordeal" check --model ./model_account.so good
expect_said 'and the model is named' 'model account'
expect 'what it forbids is not' 1 "$ordeal" check --model ./model_account.so bad
expect_said 'which is explained in its words' 'a balance of 1'
expect 'a withdrawal of unknown outcome may have happened' 0 "$ordeal" check --model model_account.so unknown
expect 'there is an initial state' 1 "$ordeal" check --model ./model_account.so --initial 3 good
expect 'and a level without time' 1 "$ordeal" check --model ./model_account.so --consistency sequential bad
expect 'a function that it does not know is undecided' 2 "$ordeal" check --model ./model_account.so other
expect_said 'and named' "'steal' is not part of model 'account'"
expect 'several histories work' 1 "$ordeal" check --model ./model_account.so good bad unknown

refused() { # claim, pattern, model
    expect "$1 is refused" 254 "$ordeal" check --model "$3" good
    expect_said 'with the reason' "$2"
    [ "$(grep -c . out)" -eq 1 ] && ok 'in one line' || not_ok 'in one line' out
}
refused 'a model that is not there' "cannot open the model './none.so'" ./none.so
refused 'source' 'is source: build it with `cc -shared' docs/examples/model_account.c
refused 'what is no plug-in' 'is no plug-in that can be loaded' ./good
build() { cc -shared -fPIC -Iinclude -o "$1.so" -x c - ; }
echo 'int nothing;' | build empty
refused 'a plug-in without a model' 'defines no ordeal_model' ./empty.so
sed 's/{ORDEAL_MODEL_ABI,/{ORDEAL_MODEL_ABI + 1,/' docs/examples/model_account.c | build newer
refused 'one for another header' 'another version of ordeal-model.h' ./newer.so
sed 's/"account"/"register"/' docs/examples/model_account.c | build clash
refused 'a name that is taken' "there is a model 'register' already" ./clash.so
sed -E 's/^( *)step,/\1NULL,/' docs/examples/model_account.c | build stepless
refused 'a model that does nothing' 'needs a name, functions .* and step' ./stepless.so
exit $status
