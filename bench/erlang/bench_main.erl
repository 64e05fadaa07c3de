%% The Erlang side of a comparison: `erl -run bench_main main Scenario` runs a scenario each time it
%% reads a line with a size, and answers with a line "cost checksum": nanoseconds (or bytes) per
%% operation, measured in here. It ends with its input. Not for: anything but the benchmarks.
-module(bench_main).
-export([main/1, timed/2]).

main([Name]) ->
    Scenario = list_to_atom(Name),
    Module = case lists:member({Scenario, 1}, bench_supervision:module_info(exports)) of
        true -> bench_supervision;
        false -> bench_messages
    end,
    loop(Module, Scenario).

loop(Module, Scenario) ->
    case io:get_line("") of
        eof -> halt(0);
        Line ->
            Size = list_to_integer(string:trim(Line)),
            % A process of its own for each run: a fresh heap, as in a program that starts one.
            Self = self(),
            Go = fun() -> Self ! {run, Module:Scenario(Size)} end,
            {_, Monitor} = spawn_monitor(Go),
            receive
                {run, {Cost, Checksum}} ->
                    erlang:demonitor(Monitor, [flush]),
                    io:format("~.3f ~w~n", [float(Cost), Checksum]);
                {'DOWN', Monitor, process, _, Reason} ->
                    io:format(standard_error, "~p~n", [Reason]),
                    halt(1)
            end,
            loop(Module, Scenario)
    end.

%% Runs F and gives {nanoseconds per one of Operations, result of F}.
timed(Operations, F) ->
    Start = erlang:monotonic_time(nanosecond),
    Result = F(),
    End = erlang:monotonic_time(nanosecond),
    {(End - Start) / Operations, Result}.
