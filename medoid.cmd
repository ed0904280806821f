@echo off
rem Runs Medoid's command line; builds it first where it is missing.
setlocal
set "here=%~dp0"
set "classpath_file=%here%training\target\classpath"
if exist "%classpath_file%" goto run
echo medoid: building; the first build fetches about 450 MB 1>&2
pushd "%here%"
call mvn -q -B -pl training -am -Dmaven.test.skip=true -Dmaven.source.skip=true package 1>&2
if errorlevel 1 (popd & echo medoid: the build failed 1>&2 & exit /b 1)
popd
:run
if not defined TF_CPP_MIN_LOG_LEVEL set TF_CPP_MIN_LOG_LEVEL=2
if defined JAVA_HOME (set "java=%JAVA_HOME%\bin\java") else (set "java=java")
rem The class path is too long for a command line here: java reads it from an argument file.
set "arguments=%TEMP%\medoid-%RANDOM%.args"
<nul set /p "=-cp " > "%arguments%"
powershell -NoProfile -Command "'\"' + '%here%training\target\classes;'.Replace('\','\\') + (Get-Content -Raw '%classpath_file%').Trim().Replace('\','\\') + '\"'" >> "%arguments%"
"%java%" -Djava.awt.headless=true %MEDOID_OPTS% @"%arguments%" org.medoid.training.cli.Medoid %*
set "code=%errorlevel%"
del "%arguments%"
exit /b %code%
